"""What evaluation found, as pictures, pages and files."""

from keras_sphereface.reports.html_report import write_html_report
from keras_sphereface.reports.ijb_page import write_ijb_report
from keras_sphereface.reports.plots import plot_det, plot_roc
from keras_sphereface.reports.report_files import write_full_reports
from keras_sphereface.reports.sphere_plot import plot_sphere
from keras_sphereface.reports.study_page import write_study_page
from keras_sphereface.reports.verdict_picture import Verdict, plot_verdicts

__all__ = [
    "Verdict",
    "plot_det",
    "plot_roc",
    "plot_sphere",
    "plot_verdicts",
    "write_full_reports",
    "write_html_report",
    "write_ijb_report",
    "write_study_page",
]
