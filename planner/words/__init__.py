"""One glossary, Chinese and English, for everything a planner reads on screen, page, print and workbook."""

from planner.words.amounts import gap_text, named, percent, signed, whole, yuan
from planner.words.say import Language, glossary, say

__all__ = ["Language", "gap_text", "glossary", "named", "percent", "say", "signed", "whole", "yuan"]
