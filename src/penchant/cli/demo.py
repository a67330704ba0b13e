"""``penchant demo``: fit, measure and recommend on a generated catalog."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from penchant.cli import hints
from penchant.cli.fit import described
from penchant.cli.options import OutputOptions
from penchant.cli.output import Output, answers, beside, evaluations, reasons, seconds, table

if TYPE_CHECKING:
    from penchant.data.ids import Id
    from penchant.data.interactions import Interactions
    from penchant.demo.experiment import Experiment, ShownModel
    from penchant.models.base import Model

EXAMPLES = r"""[bold]Examples[/bold]

penchant demo
penchant demo --output /tmp/demo --items 500 --users 1500 --seed 3"""


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write to.", metavar="FOLDER")
    ] = Path("demo"),
    *,
    items: Annotated[int, typer.Option(min=50, help="Number of items.", metavar="N")] = 2000,
    users: Annotated[int, typer.Option(min=50, help="Number of users.", metavar="N")] = 6000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated data.", metavar="N")] = 0,
    printing: OutputOptions,
) -> None:
    """Fit, measure and recommend on a generated data set, in seconds.

    Draws a catalog of solids, and users with hidden tastes who like some of them;
    holds out a part of the likes; measures ALS and simple models on it; and writes models and a
    report: items similar to an item by who likes them, by their tags, and by their pictures.
    """
    from penchant.demo.experiment import popular_item, show_als, typical_users

    began = time.perf_counter()
    out = printing.open()
    output.mkdir(parents=True, exist_ok=True)
    interactions = _draw(items, users, seed, out)
    experiment = _measure(interactions, out)
    als = show_als(_fit(interactions, out))
    model = als.model
    metrics = experiment.evaluations["ALS"].to_dict()
    path = model.save(output / f"{als.stem}.penchant", metrics=metrics)
    shown_users, item = typical_users(model), popular_item(model)
    _show(model, shown_users[0], item, out)
    others = _fit_others(interactions, out)
    files = [shown.model.save(output / f"{shown.stem}.penchant") for shown in others]
    page = _write_page([als, *others], experiment, shown_users, output / "report.html", out)
    out.text()
    out.text(f"{seconds(time.perf_counter() - began)}: wrote {page} and {path}", style="bold")
    _advise(model, item, page, [path, *files], out)
    out.document(
        {
            "report": str(page),
            "model": str(path),
            "seconds": time.perf_counter() - began,
            "evaluation": {name: item.to_dict() for name, item in experiment.evaluations.items()},
            "recommendations": model.recommend(shown_users).to_dicts(),
            "similar": model.similar_items(item).to_dicts(),
        }
    )


def _draw(n_items: int, n_users: int, seed: int, out: Output) -> Interactions:
    from penchant.data import datasets

    _step(out, "Draw a catalog of solids, and users who like some of them for their appearance")
    with out.progress("drawing"):
        interactions = datasets.shapes(n_items, n_users, seed).threshold(5, 5)
    out.text(interactions.summary())
    return interactions


def _measure(interactions: Interactions, out: Output) -> Experiment:
    from penchant.demo.experiment import (
        HELD_OUT,
        MIN_LIKES,
        Experiment,
        hold_out,
        make_als,
        simple_models,
    )

    _step(out, f"Hold out {HELD_OUT} likes of each user with {MIN_LIKES} or more")
    split = hold_out(interactions)
    out.text(f"  {split.train.nnz:,} likes for training, {split.test.nnz:,} held out")
    _step(out, "Fit two simple models and ALS, and measure all on the same held-out likes")
    experiment = Experiment(split)
    als = make_als(split.train)
    for label, model in {**simple_models(), "ALS": als}.items():
        began = time.perf_counter()
        if model is als:
            with out.progress("fitting ALS") as update:
                experiment.fit_als(
                    als,
                    lambda n, ndcg: update(n, als.iterations, f"epoch {n}, NDCG@10 {ndcg:.4f}"),
                )
        else:
            model.fit(split.train)
        experiment.measure(label, model)
        spent = seconds(time.perf_counter() - began)
        out.text(f"  {described(model)}: {spent}", style="dim")
    out.text()
    out.show(*evaluations(experiment.evaluations))
    return experiment


def _fit(interactions: Interactions, out: Output) -> Model:
    from penchant.demo.experiment import make_als

    _step(out, "Fit ALS again, on all likes, and save it")
    with out.progress("fitting ALS"):
        return make_als(interactions).fit(interactions, track_loss=True)


def _fit_others(interactions: Interactions, out: Output) -> list[ShownModel]:
    """Fit the models that use the items' tags and pictures, if there are any."""
    from penchant.demo.experiment import fit_content, fit_hybrid

    models: list[ShownModel] = []
    catalog = interactions.catalog
    if catalog is not None and catalog.tags is not None:
        _step(out, "Fit ALS with the items' tags: color, form and finish")
        with out.progress("fitting HybridALS"):
            models.append(fit_hybrid(interactions))
    if catalog is not None and catalog.pictures is not None:
        _step(out, "Describe the pictures by histograms of colors and edges, without a network")
        with out.progress("reading pictures") as update:
            models.append(
                fit_content(interactions, lambda n, of: update(n, of, f"{n:,} of {of:,} pictures"))
            )
    return models


def _show(model: Model, user: Id, item: Id, out: Output) -> None:
    from penchant.demo.experiment import item_name

    recommendations = model.recommend(user)
    likes = [[item_name(model, liked)] for liked in model.interactions.history(user)]
    names = [[name] for name in recommendations.names]
    _step(out, f"What {user} likes, and what ALS recommends")
    out.show(beside(table(["they like"], likes), table(["ALS recommends"], names)))
    first = recommendations.ids[0]
    _step(out, f"Why ALS recommends {item_name(model, first)}")
    out.show(reasons(model.explain(user, first), 4))
    _step(out, "Items most similar to an item, from likes alone, without pictures and tags")
    out.show(*answers(model.similar_items(item, 6)))


def _write_page(
    models: list[ShownModel], experiment: Experiment, users: list[Id], path: Path, out: Output
) -> Path:
    from penchant.demo import page

    _step(out, "Write a page with pictures of all results")
    footer = f"Made by penchant demo. {described(models[0].model)}."
    return page.write(page.make_report(models, experiment, users, footer), path)


def _advise(model: Model, item: Id, page: Path, files: list[Path], out: Output) -> None:
    from penchant.demo.experiment import item_name

    path, *others = files
    name = hints.quoted(item_name(model, item))
    out.advice(
        f"open {page} in a browser; then try",
        f"  penchant similar {path} {name}",
        f"  penchant recommend {path} --like {name}",
        f"  penchant info {path}",
        f"  penchant serve {path}" + "".join(f" --{file.stem} {file}" for file in others),
    )


def _step(out: Output, text: str) -> None:
    out.text()
    out.text(f"▸ {text}", style="bold cyan")
