"""The verdict: records become statistics, tables, figures and one page."""
