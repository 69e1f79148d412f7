"""Do the strategies of every tutorial save labels? docs/label-savings.md: ``python -m benches.label_savings``."""
