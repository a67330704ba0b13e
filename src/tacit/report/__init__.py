"""One self-contained page that shows what was learned: measures, likenesses, people, training."""

from tacit.report.chart import Chart as Chart
from tacit.report.chart import Series as Series
from tacit.report.page import Estimate as Estimate
from tacit.report.page import Measured as Measured
from tacit.report.page import Metric as Metric
from tacit.report.page import Person as Person
from tacit.report.page import Report as Report
from tacit.report.page import render as render
