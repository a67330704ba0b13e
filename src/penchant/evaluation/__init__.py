"""Evaluation of recommendations: ranking metrics, each with its formula and source."""
