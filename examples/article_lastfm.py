"""The Last.fm article with penchant: plays, factors, similar artists, recommendations.

    python examples/article_lastfm.py [folder with user_artists.dat and artists.dat]

Without a folder the data set (HetRec 2011, 2.5 MB) is downloaded once into the cache.
"""

from __future__ import annotations

import sys

import penchant


def main(folder: str | None = None) -> None:
    plays = penchant.datasets.load("lastfm-2k", path=folder).threshold(
        min_per_user=5, min_per_item=5
    )
    print(plays.summary(), end="\n\n")

    # The article's confidence is 1 + α·plays with α = 40. Counts run over five orders of
    # magnitude here, for which the paper has a second form, 1 + α·log(1 + plays/ε).
    model = penchant.ALS(
        factors=20, alpha=40, confidence="log", epsilon=100, regularization=0.1, iterations=20
    )
    model.fit(plays)

    catalog = plays.catalog
    assert catalog is not None
    for name in ("Radiohead", "Daft Punk", "Metallica"):
        (artist,) = catalog.find(name)
        print(f"People who play {name} also play")
        print(model.similar_items(artist, k=8), end="\n\n")

    user = "2"
    history = plays.history(user)
    most = sorted(history, key=lambda artist: -history[artist])[:10]
    print(f"What user {user} plays most")
    for artist in most:
        print(f"  {history[artist]:>7,.0f}  {catalog.name(artist)}")
    print(f"\nWhat user {user} may like")
    best = model.recommend(user, k=10, scale=True)
    print(best, end="\n\n")
    print(model.explain(user, best.ids[0]))


if __name__ == "__main__":
    main(*sys.argv[1:2])
