"""Results of models: recommendations and explanations, as tables, text and pictures."""

from penchant.results.explanation import Explanation as Explanation
from penchant.results.recommendations import AnswerKind as AnswerKind
from penchant.results.recommendations import Kind as Kind
from penchant.results.recommendations import Recommendations as Recommendations
from penchant.results.recommendations import Row as Row
