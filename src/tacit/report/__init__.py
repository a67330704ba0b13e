"""Self-contained pages: what was learned, for whom it works, and what a search found."""

from tacit.report.chart import Chart as Chart
from tacit.report.chart import Series as Series
from tacit.report.page import Alike as Alike
from tacit.report.page import Estimate as Estimate
from tacit.report.page import Likeness as Likeness
from tacit.report.page import Measured as Measured
from tacit.report.page import Metric as Metric
from tacit.report.page import Person as Person
from tacit.report.page import Report as Report
from tacit.report.page import render as render
from tacit.report.search import search_page as search_page
from tacit.report.search import write_search as write_search
