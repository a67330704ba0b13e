"""Neighborhood models: similarities of items, or of users, by what they have in common."""

from penchant.models.neighbors.items import ItemNeighbors as ItemNeighbors
from penchant.models.neighbors.users import UserNeighbors as UserNeighbors
