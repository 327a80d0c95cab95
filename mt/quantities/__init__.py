"""The quantities in an Arabic or English text, as exact values with their spans; what two texts do not share.

What the reader of a result should know:

- A date, a time, a score, a range gives its parts. Their order is free, since English turns scores round, but a number
  may not change places with another where both texts say "from", "to" or "against", nor a winner have fewer goals.
- A comma before one or two digits is a decimal comma in Arabic and a list in English; "1.250" is 1.25 or 1250 in both,
  but "35.000" in Arabic only 35,000.
- "k" must touch its digits; "m" and "b" count after a sign of money (£3m), elsewhere they may: 100m is a distance.
- A hyphen before a number is a minus sign where degrees, money or a percentage follow, elsewhere it may be one.
- Two numbers of one value differ if both have units and none in common; a percentage or a sum of money also if the
  other text has none at all. The same amount in another unit agrees: 5 km, 3 miles.
- Plurals without a number (thousands of, آلاف, عشرات) count nothing, but "hundreds" contradicts «آلاف».
- Some words are *answers*, mostly used for something else: one, first, second, half, both, a lone "thousand", III,
  واحد, الثاني, نصف, most duals. They are never missed, but agree with a number of the other side: "2 cities".
  Duals of units and, indefinite, of what news counts (ساعتين, شخصان) are numbers; so is half of one unit (نصف ساعة).
- A number in a name answers too (Covid-19, «سوق الخميس», "Six Flags"); a round of a cup is the same under each name.
- Years of two eras differ: 1420 AH and 1420 AD, 500 BC and 500 AD.
- What has several readings («مليونا» is one or two million, "two to three million") agrees if one of them does.
"""

from mt.quantities.agreement import Mismatch
from mt.quantities.reader import calendar, quantities, read, unmatched
from mt.quantities.units import Quantity

__all__ = ["Mismatch", "Quantity", "calendar", "quantities", "read", "unmatched"]
