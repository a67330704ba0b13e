"""One epoch of learning to rank in plain Python: an example at a time, in float64.

The random numbers are those of ``native/include/penchant/random.hpp``; everything else follows the
papers that :class:`penchant.Ranking` names.
"""

from __future__ import annotations

import math

import numpy as np

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mixed(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


class Stream:
    def __init__(self, seed: int, number: int) -> None:
        self.state = (mixed((seed + GOLDEN) & MASK) + mixed(number ^ GOLDEN)) & MASK

    def next(self) -> int:
        self.state = (self.state + GOLDEN) & MASK
        return mixed(self.state)

    def below(self, n: int) -> int:
        return (self.next() * n) >> 64


def permutation(n: int, seed: int) -> list[int]:
    bits = (n - 1).bit_length() if n > 1 else 1
    mask, shift = (1 << bits) - 1, (bits + 1) // 2
    stream = Stream(seed, 0)
    rounds = [(stream.next() | 1, stream.next()) for _ in range(4)]

    def image(x: int) -> int:
        while True:
            for factor, addend in rounds:
                x = (x * factor + addend) & mask
                x ^= x >> shift
            if x < n:
                return x

    return [image(place) for place in range(n)]


class Side:
    """Features × (factors + 1), and the schedule's sums; rows[i] is {feature: weight}."""

    def __init__(self, vectors, rows, adadelta, decay) -> None:
        self.vectors = np.array(vectors, dtype=np.float64)
        self.squares = np.full_like(self.vectors, 0.0 if adadelta else 1.0)
        self.steps = np.zeros_like(self.vectors) if adadelta else None
        self.rows, self.decay = rows, decay

    def sum(self, code: int):
        return sum(weight * self.vectors[f] for f, weight in self.rows[code].items())

    def step(self, code: int, gradient, settings) -> None:
        for f, weight in self.rows[code].items():
            self._step(f, weight * gradient, settings)

    def _step(self, f, g, s) -> None:
        if self.steps is None:
            local = s.learning_rate / np.sqrt(self.squares[f])
            moved = local * g
            self.squares[f] += g**2
        else:
            self.squares[f] = s.rho * self.squares[f] + (1 - s.rho) * g**2
            local = np.sqrt((self.steps[f] + s.epsilon) / (self.squares[f] + s.epsilon))
            moved = local * g
            self.steps[f] = s.rho * self.steps[f] + (1 - s.rho) * moved**2
        self.vectors[f] = (self.vectors[f] - moved) * (1 - self.decay * local)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


class Oracle:
    def __init__(self, examples, likes, pool, users: Side, items: Side, settings) -> None:
        self.examples, self.likes, self.pool = examples, likes, pool
        self.users, self.items, self.s = users, items, settings

    def epoch(self) -> float:
        users, items, weights = self.examples
        loss = 0.0
        steps = 1 + self.s.negatives if self.s.loss == "logistic" else 1
        for place, number in enumerate(permutation(len(users) * steps, self.s.seed)):
            random = Stream(self.s.seed, place + 1)
            example, negative = divmod(number, steps)
            one = int(users[example]), int(items[example]), float(weights[example])
            loss += self._negative(*one, random) if negative else self._example(*one, random)
        return loss

    def _negative(self, user: int, item: int, weight: float, random: Stream) -> float:
        if weight < 0:
            return 0.0
        other = next(o for o in iter(lambda: self._draw(random), None) if o not in self.likes[user])
        whole = self.users.sum(user)
        return self._logistic(user, other, -1.0, np.append(whole[:-1], 1.0), whole[-1])

    def _example(self, user: int, item: int, weight: float, random: Stream) -> float:
        whole = self.users.sum(user)
        x, bias = np.append(whole[:-1], 1.0), whole[-1]
        if self.s.loss == "logistic":
            return self._logistic(user, item, weight, x, bias)
        found = self._pair(user, item, weight, x, random)
        if found is None:
            return 0.0
        liked, other, scale, loss = found
        direction = self.items.sum(other) - self.items.sum(liked)
        direction[-1] = 0.0
        self.users.step(user, scale * direction, self.s)
        self.items.step(liked, -scale * x, self.s)
        self.items.step(other, scale * x, self.s)
        return loss

    def _logistic(self, user, item, weight, x, bias) -> float:
        y = self.items.sum(item)
        score = float(x @ y + bias)
        error = abs(weight) * (float(weight > 0) - sigmoid(score))
        direction = np.append(-y[:-1], -1.0)
        self.users.step(user, error * direction, self.s)
        self.items.step(item, -error * x, self.s)
        return abs(weight) * math.log1p(math.exp(-score if weight > 0 else score))

    def _pair(self, user, item, weight, x, random):
        likes = self.likes[user]
        score = lambda code: float(x @ self.items.sum(code))  # noqa: E731
        if weight < 0:
            if not likes:
                return None
            liked, size = likes[random.below(len(likes))], -weight
            ahead = score(liked) - score(item)
            if self.s.loss == "bpr":
                return self._bpr(liked, item, ahead, size)
            return (liked, item, size, size * (1 - ahead)) if ahead < 1 else None
        if self.s.loss == "bpr":
            other = next(o for o in iter(lambda: self._draw(random), None) if o not in likes)
            return self._bpr(item, other, score(item) - score(other), weight)
        if self.s.loss == "k-os-warp":
            n = min(self.s.n, len(likes))
            drawn = [likes[random.below(len(likes))] for _ in range(n)]
            item = sorted(drawn, key=lambda code: (-score(code), code))[min(self.s.k, n) - 1]
        for sampled in range(1, self.s.max_sampled + 1):
            other = self._draw(random)
            if score(other) > score(item) - 1 and other not in likes:
                rank = max((len(self.pool) - 1) // sampled, 1)
                scale = min(weight * math.log(rank), 10.0)
                return item, other, scale, scale * (1 - score(item) + score(other))
        return None

    def _bpr(self, liked, other, ahead, weight):
        return liked, other, weight * sigmoid(-ahead), weight * math.log1p(math.exp(-ahead))

    def _draw(self, random: Stream) -> int:
        return int(self.pool[random.below(len(self.pool))])
