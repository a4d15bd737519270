"""A report on a lake as one page: who did what to whom, where and when, with the stories behind.

`figures` asks the lake, `charts` and `world` draw, `page` renders; nothing here writes to the lake.
"""

from pipeline.show.report.figures import Figures, Scope, figures
from pipeline.show.report.report_page import report_page

__all__ = ["Figures", "Scope", "figures", "report_page"]
