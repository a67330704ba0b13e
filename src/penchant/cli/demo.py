"""``penchant demo``: fit, measure and recommend on a generated catalog."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penchant.cli.fit import described, quoted
from penchant.cli.options import Json, Quiet
from penchant.cli.output import Output, answers, beside, evaluations, reasons, seconds, table

if TYPE_CHECKING:
    from penchant.data.catalog import Catalog
    from penchant.data.features import Features
    from penchant.data.ids import Id
    from penchant.data.interactions import Interactions
    from penchant.evaluation.evaluate import Evaluation
    from penchant.models.als.model import ALS
    from penchant.models.base import Epoch, Model
    from penchant.report import ItemExample, Report
    from penchant.results import Recommendations
    from penchant.split import Split

EXAMPLES = r"""[bold]Examples[/bold]

penchant demo
penchant demo --output /tmp/demo --items 500 --users 1500 --seed 3"""

_METRICS = ("ndcg", "precision", "recall", "map", "auc", "coverage")
_MEANINGS = {
    "ndcg": "held-out likes in the list, those near its top counting more",
    "precision": "the share of the list that was liked",
    "recall": "the share of the held-out likes that is in the list",
    "map": "precision at each held-out like, averaged",
    "auc": "how often a held-out like is ranked above an item that was not liked",
    "coverage": "the share of all items that anybody is shown",
}
_WAYS = {
    "als": ("Liked by the same people", "ALS, from likes alone"),
    "hybrid-als": ("Likes and tags", "HybridALS, with color, form and finish as tags"),
    "content": ("Visually similar", "Content, from the pictures alone"),
}
_FILES = {"hybrid-als": "hybrid.penchant", "content": "visual.penchant"}
_FACTOR_LIMIT = 64
_HELD_OUT, _LEAST = 3, 10
# Chosen on another world (seed 1) than the one shown; so were the neighbors. HybridALS has the
# settings of examples/cold_items.py.
_ALS = {"alpha": 30.0, "regularization": 0.045, "regularization_scaling": 1.0, "iterations": 15}
_HYBRID = {"alpha": 10.0, "regularization": 30.0, "iterations": 10}
_NEIGHBORS = {"similarity": "tfidf", "neighbors": 200}


@dataclass
class _Trial:
    """What was measured, before a model was fitted on everything."""

    split: Split
    found: dict[str, Evaluation]
    losses: list[float]
    ndcgs: list[float]


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write to.", metavar="FOLDER")
    ] = Path("demo"),
    items: Annotated[int, typer.Option(min=50, help="Number of items.", metavar="N")] = 2000,
    users: Annotated[int, typer.Option(min=50, help="Number of users.", metavar="N")] = 6000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated data.", metavar="N")] = 0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit, measure and recommend on a generated data set, in seconds.

    Draws a catalog of solids, and users with hidden tastes who like some of them;
    holds out a part of the likes; measures ALS and simple models on it; and writes models and a
    report: items similar to an item by who likes them, by their tags, and by their pictures.
    """
    began = time.perf_counter()
    out = Output(as_json=json, quiet=quiet)
    output.mkdir(parents=True, exist_ok=True)
    interactions = _world(items, users, seed, out)
    trial = _measure(interactions, out)
    model, path = _fit(interactions, trial, output / "model.penchant", out)
    people, thing = _people(model), _something(model)
    _show(model, people[0], thing, out)
    others = _others(interactions, out)
    files = [one.save(output / _FILES[one.kind]) for one in others]
    page = _page(_report(model, others, trial, people), output / "report.html", out)
    name = quoted(_name(model, thing))
    out.text()
    out.text(f"done in {seconds(time.perf_counter() - began)}: {page} and {path}", style="bold")
    out.advice(
        f"open {page} in a browser; then try",
        f"  penchant similar {path} {name}",
        f"  penchant recommend {path} --like {name}",
        f"  penchant info {path}",
        f"  penchant serve {path}" + "".join(f" --{one.stem} {one}" for one in files),
    )
    out.document(
        {
            "report": str(page),
            "model": str(path),
            "seconds": time.perf_counter() - began,
            "evaluation": {label: one.to_dict() for label, one in trial.found.items()},
            "recommendations": model.recommend(people).to_dicts(),
            "similar": model.similar_items(thing).to_dicts(),
        }
    )


def _world(n_items: int, n_users: int, seed: int, out: Output) -> Interactions:
    from penchant.data import datasets

    _step(out, "Draw a catalog of solids, and users who like some of them for their appearance")
    with out.progress("drawing"):
        interactions = datasets.shapes(n_items, n_users, seed).threshold(5, 5)
    out.text(interactions.summary())
    return interactions


def _measure(interactions: Interactions, out: Output) -> _Trial:
    from penchant.evaluation.evaluate import evaluate
    from penchant.models.neighbors import ItemNeighbors
    from penchant.models.popularity import Popularity
    from penchant.split import leave_k_out

    _step(out, f"Hold out {_HELD_OUT} likes of everyone with {_LEAST} or more")
    split = leave_k_out(interactions, _HELD_OUT, min_interactions=_LEAST)
    out.text(f"  {split.train.nnz:,} likes to learn from, {split.test.nnz:,} held out")
    _step(out, "Fit two simple models and ALS, and measure all on the same held-out likes")
    trial = _Trial(split, {}, [], [])
    als = _als(split.train)
    models: dict[str, Model] = {
        "popularity": Popularity(),
        "item neighbors": ItemNeighbors(**_NEIGHBORS),  # type: ignore[arg-type]
        "ALS": als,
    }
    for label, model in models.items():
        began = time.perf_counter()
        if model is als:
            _train(als, trial, out)
        else:
            model.fit(split.train)
        trial.found[label] = evaluate(model, split, metrics=_METRICS)
        spent = seconds(time.perf_counter() - began)
        out.text(f"  {described(model)}: {spent}", style="dim")
    out.text()
    out.show(*evaluations(trial.found))
    return trial


def _als(train: Interactions) -> ALS:
    from penchant.models.als.model import ALS

    return ALS(factors=min(_FACTOR_LIMIT, train.n_items // 4), **_ALS)  # type: ignore[arg-type]


def _train(als: ALS, trial: _Trial, out: Output) -> None:
    """Fit ALS, and note its training loss and its NDCG on the held-out likes as it learns."""
    from penchant.evaluation.evaluate import evaluate

    with out.progress("fitting ALS") as update:

        def on_epoch(epoch: Epoch) -> None:
            ndcg = evaluate(als, trial.split, metrics="ndcg", bootstrap=0)["ndcg"]
            trial.losses.append(epoch.loss or 0.0)
            trial.ndcgs.append(ndcg)
            update(epoch.number, als.iterations, f"epoch {epoch.number}, NDCG@10 {ndcg:.4f}")

        als.fit(trial.split.train, on_epoch=on_epoch, track_loss=True)


def _fit(interactions: Interactions, trial: _Trial, path: Path, out: Output) -> tuple[Model, Path]:
    _step(out, "Fit ALS again, on everything, and save it")
    with out.progress("fitting ALS"):
        model = _als(interactions).fit(interactions, track_loss=True)
    return model, model.save(path, metrics=trial.found["ALS"].to_dict())


def _others(interactions: Interactions, out: Output) -> list[Model]:
    """Fit models that use the items' tags and pictures."""
    from penchant.data.features import Features
    from penchant.models.als.hybrid import HybridALS
    from penchant.models.content import Content

    found: list[Model] = []
    catalog = interactions.catalog
    if catalog is not None and catalog.tags is not None:
        _step(out, "Fit ALS with the items' tags: color, form and finish")
        tagged = interactions.with_item_features(Features.of_tags(catalog).normalized("l2"))
        factors = min(_FACTOR_LIMIT, interactions.n_items // 4)
        with out.progress("fitting HybridALS"):
            found.append(HybridALS(factors=factors, **_HYBRID).fit(tagged))  # type: ignore[arg-type]
    if catalog is not None and catalog.pictures is not None:
        _step(out, "Describe the pictures by histograms of colors and edges, without a network")
        found.append(Content(_visual_features(catalog, out)).fit(interactions))
    return found


def _visual_features(catalog: Catalog, out: Output) -> Features:
    from penchant.content import images

    with out.progress("reading pictures") as update:

        def on_progress(done: int, total: int) -> None:
            update(done, total, f"{done:,} of {total:,} pictures")

        return images.embed(catalog, on_progress=on_progress).features


# --- what to show -----------------------------------------------------------------------


def _people(model: Model) -> list[Id]:
    """The first few people with some, but not too many, likes."""
    counts = model.interactions.csr.row_counts.tolist()
    chosen = [user for user, n in enumerate(counts) if 8 <= n <= 12] or [0]
    return [model.users[user] for user in chosen[:3]]


def _something(model: Model, rank: int = 10) -> Id:
    """An item that many like."""
    counts = model.interactions.by_item().row_counts
    one: Id = model.items[int(counts.argsort(kind="stable")[-min(rank, len(counts))])]
    return one


def _name(model: Model, item: Id) -> str:
    return str(item) if model.catalog is None else model.catalog.name(item)


def _show(model: Model, person: Id, thing: Id, out: Output) -> None:
    found = model.recommend(person)
    likes = [[_name(model, item)] for item in model.interactions.history(person)]
    _step(out, f"What {person} likes, and what ALS recommends")
    out.show(beside(table(["they like"], likes), table(["ALS recommends"], _named(found))))
    why = model.explain(person, found.ids[0])
    _step(out, f"Why the first of them: {_name(model, found.ids[0])}")
    out.show(reasons(why, 4))
    _step(out, "What is most like an item, by who likes them: no picture, no tag was seen")
    out.show(*answers(model.similar_items(thing, 6)))


def _named(found: Recommendations) -> list[list[str]]:
    return [[name] for name in found.names]


def _step(out: Output, text: str) -> None:
    out.text()
    out.text(f"▸ {text}", style="bold cyan")


# --- the page ---------------------------------------------------------------------------


def _page(report: Report, path: Path, out: Output) -> Path:
    from penchant.report import render

    _step(out, "Write a page with pictures of all this")
    html = render(report)
    whole = path.with_name(f".{path.name}.part")
    whole.write_text(html, encoding="utf-8")
    return whole.replace(path)


def _report(model: Model, others: list[Model], trial: _Trial, people: list[Id]) -> Report:
    from penchant import report

    data = model.interactions
    return report.Report(
        title="penchant at work",
        lead=(
            "A catalog of drawn solids, people with hidden tastes, and what was learned from "
            "who liked what. Where tags or pictures came into it, that is said."
        ),
        facts=[
            ("people", f"{data.n_users:,}"),
            ("items", f"{data.n_items:,}"),
            ("likes", f"{data.nnz:,}"),
            ("density", f"{data.density:.2%}"),
        ],
        summary=data.summary(),
        metrics=[_metric(name) for name in trial.found["ALS"]],
        measured=[
            report.MetricRow(label, _estimates(one), is_baseline=label != "ALS")
            for label, one in trial.found.items()
        ],
        measured_how=(
            f"{_HELD_OUT} likes of everyone with {_LEAST} or more were held out; all models "
            "learned from the rest, and lists of 10 leave out what a person already likes. "
            "Small figures: 95 % intervals."
        ),
        similar=[_alike(_something(model, rank), [model, *others]) for rank in (10, 60, 120)],
        people=[_person(model, one) for one in people],
        charts=_charts(trial),
        footer=f"Made by penchant demo. {described(model)}.",
    )


def _alike(item: Id, models: list[Model]) -> ItemExample:
    """A row for each model, as each sees it."""
    from penchant.report import ItemExample, SimilarItems

    rows = [SimilarItems(*_WAYS[one.kind], one.similar_items([item], 8)) for one in models]
    return ItemExample(item, rows)


def _metric(name: str) -> Any:
    from penchant.evaluation.metrics import METRICS
    from penchant.report import MetricColumn

    plain = name.partition("@")[0]
    label = name.upper() if plain in ("ndcg", "map", "auc") else name.replace("_", " ")
    return MetricColumn(label, METRICS[plain].better != "lower", _MEANINGS.get(plain, ""))


def _estimates(one: Evaluation) -> dict[str, Any]:
    from penchant.report import Estimate

    return {
        _metric(name).name: Estimate(one[name], *(one.interval(name) or (None, None)))
        for name in one
    }


def _person(model: Model, person: Id) -> Any:
    from penchant.report import UserExample

    found = model.recommend(person)
    likes = list(model.interactions.history(person))
    why = {item: model.explain(person, item) for item in found.ids}
    return UserExample(str(person), likes, found, why)


def _charts(trial: _Trial) -> list[Any]:
    from penchant.report import Chart, Series

    epochs = list(range(1, len(trial.losses) + 1))
    return [
        Chart("What is minimized", "epoch", "training loss",
              [Series("training loss", epochs, trial.losses)]),
        Chart("What it is worth", "epoch", "NDCG@10 on held-out likes",
              [Series("NDCG@10", epochs, trial.ndcgs)]),
    ]  # fmt: skip
