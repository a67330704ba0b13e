"""Self-contained HTML reports: of models and their recommendations, and of tuning results."""

from penchant.report.chart import Chart as Chart
from penchant.report.chart import Series as Series
from penchant.report.page import Estimate as Estimate
from penchant.report.page import ItemExample as ItemExample
from penchant.report.page import MetricColumn as MetricColumn
from penchant.report.page import MetricRow as MetricRow
from penchant.report.page import Report as Report
from penchant.report.page import SimilarItems as SimilarItems
from penchant.report.page import UserExample as UserExample
from penchant.report.page import render as render
from penchant.report.tuning import tuning_page as tuning_page
from penchant.report.tuning import write_tuning_report as write_tuning_report

__all__ = [
    "Chart",
    "Estimate",
    "ItemExample",
    "MetricColumn",
    "MetricRow",
    "Report",
    "Series",
    "SimilarItems",
    "UserExample",
    "render",
    "tuning_page",
    "write_tuning_report",
]
