"""A real pool of text: the titles of all diagnoses of ICD-10-CM, and the chapter that each is in.

The titles come from the package `simple-icd-10-cm`. What a person would have to read is known here:
the chapter of a code stands for the label that people would give to its title.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import simple_icd_10_cm as icd

if TYPE_CHECKING:
    from pathlib import Path

ENCOUNTERS = ("initial encounter", "subsequent encounter", "sequela")


def write_titles(path: Path, chapters: tuple[str, ...], every: int = 1) -> dict[str, str]:
    """Write the pool (code, title, encounter) and return the chapter of each code.

    `chapters` are names for the chapters from 1 on; codes of any other chapter are left out.
    With `every` of 10 only every tenth code is taken.
    """
    truth: dict[str, str] = {}
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["code", "title", "encounter"])
        for code in icd.get_all_codes(True)[::every]:
            if not icd.is_leaf(code) or code in truth:
                continue
            chapter = int(icd.get_ancestors(code)[-1])
            if chapter > len(chapters):
                continue
            title = icd.get_description(code)
            out.writerow([code, title, next((words for words in ENCOUNTERS if words in title), "none")])
            truth[code] = chapters[chapter - 1]
    return truth
