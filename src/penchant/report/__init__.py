"""Self-contained pages: what was learned, for whom it works, and what a search found."""

from penchant.report.chart import Chart as Chart
from penchant.report.chart import Series as Series
from penchant.report.page import Alike as Alike
from penchant.report.page import Estimate as Estimate
from penchant.report.page import Likeness as Likeness
from penchant.report.page import Measured as Measured
from penchant.report.page import Metric as Metric
from penchant.report.page import Person as Person
from penchant.report.page import Report as Report
from penchant.report.page import render as render
from penchant.report.tuning import search_page as search_page
from penchant.report.tuning import write_search as write_search
