"""How a report looks: light and dark, from a phone to a wide screen, and on paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf9; --raised: #ffffff; --ink: #1d1c1a; --soft: #5c5953; --rule: #e2dfd8; --faint: #efece6;
  --second: #d9a5cd; --accent: #1f5fbf; --band: rgba(31, 95, 191, .14); --warm: #9a4b00; --warm-paper: #fdf3e4;
    --good: #1d6b3f;
  --strategy: #1f5fbf; --explore: #c98a00; --validation: #6b6b6b; --seed: #3f8f6b; --again: #b0559a; --rare: #c4502e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --raised: #1b1e22; --ink: #e9e6e0; --soft: #a9a59d; --rule: #33373d; --faint: #24282d;
    --second: #8a5a7e;
    --accent: #86b4ff; --band: rgba(134, 180, 255, .16); --warm: #f1b36b; --warm-paper: #2b2318; --good: #7fd0a2;
    --strategy: #86b4ff; --explore: #e8b64c; --validation: #9a9a9a; --seed: #74c7a0; --again: #d993c8; --rare: #ef8f72;
  }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.page { max-width: 66rem; margin: 0 auto; padding: 3rem 1.5rem 5rem }
.kicker { margin: 0; color: var(--soft); font-size: .8rem; letter-spacing: .09em; text-transform: uppercase }
h1 { margin: .2rem 0 .3rem; font-size: clamp(1.9rem, 5vw, 2.8rem); line-height: 1.1; letter-spacing: -.02em; font-weight: 680;
     overflow-wrap: anywhere }
h2 { margin: 0 0 .3rem; font-size: 1.4rem; line-height: 1.25; letter-spacing: -.01em; font-weight: 650 }
h3 { margin: 2rem 0 .3rem; font-size: 1.02rem; font-weight: 650 }
p { margin: .4rem 0; max-width: 46rem }
.soft, .note { color: var(--soft) }
.note { font-size: .9rem }
section { margin-top: 3.4rem; padding-top: 1.6rem; border-top: 1px solid var(--rule) }
a { color: var(--accent); text-underline-offset: .18em }
a:focus-visible, [tabindex]:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
nav { margin-top: 1.4rem; font-size: .92rem }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0; padding: 0; list-style: none }
nav a { display: inline-block; padding: .25rem 0 }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em }
pre { overflow-x: auto; background: var(--faint); border-radius: 8px; padding: 1rem 1.1rem; line-height: 1.5; tab-size: 4 }

.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 2rem 0 0;
           background: var(--rule); border: 1px solid var(--rule); border-radius: 12px; overflow: hidden }
.figures > div { background: var(--raised); padding: 1.1rem 1.25rem 1.2rem; display: flex; flex-direction: column }
.figures dt { color: var(--soft); font-size: .85rem }
.figures dd { margin: 0 }
.figures dd.value { font-size: 1.75rem; line-height: 1.2; font-weight: 640; letter-spacing: -.02em;
                    font-variant-numeric: tabular-nums }
.figures dd.more { color: var(--soft); font-size: .88rem; margin-top: .15rem }

.look { margin-top: 1.4rem; padding: .9rem 1.25rem 1rem; background: var(--warm-paper); border-left: 3px solid var(--warm);
        border-radius: 0 10px 10px 0 }
.look h2 { font-size: 1rem; color: var(--warm) }
.look ul { margin: .3rem 0 0; padding-left: 1.1rem }
.look li { margin: .2rem 0; overflow-wrap: anywhere }
.look a { color: inherit }

.rules { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem 2.5rem; margin: 1rem 0 0 }
.rules h3 { margin: 0 }
.rules ul { margin: .4rem 0 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums }
.rules li { padding: .35rem 0; border-bottom: 1px solid var(--rule) }
.rules li:last-child { border: 0 }
.met { color: var(--good); font-weight: 600 }

.scroll { overflow-x: auto; margin: 1rem 0 .4rem; max-width: 100% }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; min-width: 100% }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
th, td { text-align: left; vertical-align: top; padding: .5rem 1.1rem .5rem 0; border-bottom: 1px solid var(--rule) }
th:last-child, td:last-child { padding-right: 0 }
thead th { color: var(--soft); font-weight: 500; font-size: .82rem; vertical-align: bottom; white-space: nowrap;
           border-bottom-color: var(--soft) }
tbody th { font-weight: 600; white-space: nowrap }
.long { display: inline-block; width: 15rem; white-space: normal; overflow-wrap: anywhere }
.value, .between { display: block; white-space: nowrap }
.between { color: var(--soft); font-size: .86em }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0 }
.n { text-align: right; white-space: nowrap }
.tight { white-space: nowrap }
.text { display: inline-block; min-width: 14rem; max-width: 40rem; overflow-wrap: anywhere; color: var(--soft) }
.odd { color: var(--warm); font-weight: 600 }
td .odd { white-space: nowrap }

.matrix td { text-align: right; padding: .45rem .7rem; border: 1px solid var(--paper); min-width: 4rem;
             background: var(--faint); background: color-mix(in srgb, var(--accent) calc(var(--part) * 42%), var(--faint)) }
.matrix td.right { font-weight: 650 }
.matrix th { padding-right: .9rem }
.matrix thead th { text-align: right; white-space: normal; overflow-wrap: anywhere; max-width: 9rem }
.matrix thead th:first-child { text-align: left }

figure { margin: 1.2rem 0 1.4rem }
svg { display: block; max-width: 100%; height: auto }
svg.small { display: inline-block; vertical-align: middle; max-width: none }
.value svg.small { margin-left: .6rem }
.narrow { display: none }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--soft);
           font-variant-numeric: tabular-nums }
svg text.last { fill: var(--ink); font-weight: 650; font-size: 14px }
svg .grid { stroke: var(--rule); stroke-width: 1 }
svg .target { stroke: var(--good); stroke-width: 1.5; stroke-dasharray: 5 4 }
svg .band { fill: var(--band) }
svg .line { fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round }
svg.small .line { stroke-width: 1.6 }
svg .whisker { stroke: var(--accent); stroke-width: 1.2; opacity: .55 }
svg .dot { fill: var(--accent) }
svg .interval { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; opacity: .55 }
svg .mark { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 2 }
.s-strategy { fill: var(--strategy) } .s-explore { fill: var(--explore) } .s-validation { fill: var(--validation) }
.s-seed { fill: var(--seed) } .s-relabel { fill: var(--again) }
.s-overlap { fill: var(--second) } .s-rare, .s-floor { fill: var(--rare) }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .5rem 0 0; padding: 0; list-style: none; font-size: .88rem;
       color: var(--soft) }
.key svg { display: inline-block; vertical-align: -1px; margin-right: .35rem }
footer { margin-top: 4rem; padding-top: 1.2rem; border-top: 1px solid var(--rule); color: var(--soft); font-size: .88rem }

@media screen and (max-width: 900px) { .figures { grid-template-columns: 1fr 1fr } }
@media screen and (max-width: 640px) {
  .page { padding: 1.8rem 1.1rem 3rem }
  section { margin-top: 2.4rem; padding-top: 1.2rem }
  .wide { display: none }
  .narrow { display: block }
  .figures > div { padding: .8rem .9rem }
  tbody th, thead th:first-child { position: sticky; left: 0; background: var(--paper) }
  .long { width: 9rem }
  .figures dd.value { font-size: 1.55rem }
}
@page { size: A4 landscape; margin: 12mm }
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --raised: #fff; --ink: #000; --soft: #444; --rule: #ccc; --faint: #f3f3f3;
    --accent: #1f5fbf; --band: rgba(31, 95, 191, .14); --warm: #8a4300; --warm-paper: #fff; --good: #1d6b3f;
    --strategy: #1f5fbf; --explore: #c98a00; --validation: #6b6b6b; --seed: #3f8f6b; --again: #b0559a;
    --second: #d9a5cd; --rare: #c4502e;
  }
  body { font-size: 10pt }
  .page { max-width: none; padding: 0 }
  nav { display: none }
  section { margin-top: 1.4rem; padding-top: .8rem }
  .figures dd.value { font-size: 1.6rem }
  .scroll, pre { overflow: visible }
  pre { white-space: pre-wrap }
  table { font-size: 8.4pt }
  th, td { padding-right: .7rem }
  .text { min-width: 7rem }
  tr, figure, .figures, .look { break-inside: avoid }
  h2, h3 { break-after: avoid }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto } }
"""
