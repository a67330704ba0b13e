"""The contract of every model: fit, recommend, similar_items, scores, save.

A model says how it scores (:meth:`Model._scorer`) and, if it can, which vectors stand for its
items and users; everything that turns scores into answers is written once, here.
"""
