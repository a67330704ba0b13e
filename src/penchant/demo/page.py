"""The demo's page: its metrics, examples and charts as a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from penchant import report
from penchant.demo.experiment import HELD_OUT, MIN_LIKES, Experiment, ShownModel, popular_item
from penchant.evaluation.metrics import METRICS

if TYPE_CHECKING:
    from penchant.data.ids import Id
    from penchant.evaluation.evaluate import Evaluation
    from penchant.models.base import Model

_MEANINGS = {
    "ndcg": "held-out likes in the list, those near its top counting more",
    "precision": "the share of the list that was liked",
    "recall": "the share of the held-out likes that is in the list",
    "map": "precision at each held-out like, averaged",
    "auc": "how often a held-out like is ranked above an item that was not liked",
    "coverage": "the share of all items that is in any list",
}
_RANKS = (10, 60, 120)
"""Popularity ranks of the items whose similar items are shown."""


def make_report(
    models: list[ShownModel], experiment: Experiment, users: list[Id], footer: str
) -> report.Report:
    """Return the report; the first of the models is ALS, fitted to all likes."""
    model = models[0].model
    data = model.interactions
    return report.Report(
        title="penchant at work",
        lead=(
            "A catalog of drawn solids, users with hidden tastes, and what models learned from "
            "their likes. Models that also use tags or pictures are marked."
        ),
        facts=[
            ("people", f"{data.n_users:,}"),
            ("items", f"{data.n_items:,}"),
            ("likes", f"{data.nnz:,}"),
            ("density", f"{data.density:.2%}"),
        ],
        summary=data.summary(),
        metrics=[_column(name) for name in experiment.evaluations["ALS"]],
        measured=[
            report.MetricRow(label, _estimates(evaluation), is_baseline=label != "ALS")
            for label, evaluation in experiment.evaluations.items()
        ],
        measured_how=(
            f"{HELD_OUT} likes of each user with {MIN_LIKES} or more were held out; all models "
            "were fitted to the rest, and lists of 10 leave out items that the user already likes. "
            "Small figures: 95 % intervals."
        ),
        similar=[similar_items(popular_item(model, rank), models) for rank in _RANKS],
        people=[_user_example(model, user) for user in users],
        charts=_charts(experiment),
        footer=footer,
    )


def write(page: report.Report, path: Path) -> Path:
    """Write a report; the file appears once it is complete."""
    html = report.render(page)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(html, encoding="utf-8")
    return partial.replace(path)


def similar_items(item: Id, models: list[ShownModel]) -> report.ItemExample:
    """Return an item with a row of similar items by each model."""
    rows = [
        report.SimilarItems(shown.label, shown.note, shown.model.similar_items([item], 8))
        for shown in models
    ]
    return report.ItemExample(item, rows)


def _column(name: str) -> report.MetricColumn:
    plain = name.partition("@")[0]
    label = name.upper() if plain in ("ndcg", "map", "auc") else name.replace("_", " ")
    return report.MetricColumn(label, METRICS[plain].better != "lower", _MEANINGS.get(plain, ""))


def _estimates(evaluation: Evaluation) -> dict[str, Any]:
    return {
        _column(name).name: report.Estimate(
            evaluation[name], *(evaluation.interval(name) or (None, None))
        )
        for name in evaluation
    }


def _user_example(model: Model, user: Id) -> report.UserExample:
    recommendations = model.recommend(user)
    likes = list(model.interactions.history(user))
    explanations = {item: model.explain(user, item) for item in recommendations.ids}
    return report.UserExample(str(user), likes, recommendations, explanations)


def _charts(experiment: Experiment) -> list[report.Chart]:
    epochs = list(range(1, len(experiment.losses) + 1))
    loss = report.Series("training loss", epochs, experiment.losses)
    ndcg = report.Series("NDCG@10", epochs, experiment.ndcgs)
    return [
        report.Chart("The training loss", "epoch", "training loss", [loss]),
        report.Chart("The quality of the lists", "epoch", "NDCG@10 on held-out likes", [ndcg]),
    ]
