"""What held: records become a frame, statistics, verdicts, tables, figures and a page. Neither torch nor Ray."""

from ablate.report.claims import Judgement, Verdict, judge
from ablate.report.comparison import Comparison, write_comparison
from ablate.report.frame import load_frame
from ablate.report.report import Report, write_report

__all__ = ["Comparison", "Judgement", "Report", "Verdict", "judge", "load_frame", "write_comparison", "write_report"]
