"""Read an explanation sentence by sentence and count every number in it again, from the run's folder alone.

Nothing of the planner is imported. ``python -m tests.oracle.reasons RUN`` prints what is untrue and exits with 1 if anything is. A
sentence that nobody here can read counts as untrue: whoever writes a new one teaches this file how to count it. What only a solver
can find (how much better a plan without a rule is) is held against the bounds in the manifest; the plan itself is counted anew.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from tests.oracle.folder import Folder, State

NUMBER = r"([−+]?[\d,]+(?:\.\d+)?)"
WHO = r"(?:weighted )?people"
WRITTEN = {"CNY": "{} yuan", "EUR": "€{}"}
"""Amounts of money by the currency of the study."""
ROUNDING = 0.051
"""By how much a number with one decimal may differ from what is counted."""


def number(text: str) -> float:
    """Return a number as it is written in a sentence."""
    return float(re.sub(r"[,€]| yuan", "", text).replace("−", "-").replace("+", ""))


class Reader:
    """Reads the English sentences of one explanation."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.openings = self.folder.table("explanation/openings")
        self.prices = self.folder.table("explanation/prices")
        self.swaps = self.folder.table("explanation/swaps")
        self.service_of = {service["name"]["en"]: name for name, service in self.folder.services.items()}
        self.bill = self.folder.bill(self.folder.planned())
        goal = self.folder.result["goals"][0]
        self.written = WRITTEN[self.folder.study.get("currency", "CNY")]
        self.money = "([−+]?" + self.written.format(r"[\d,]+(?:\.\d+)?") + ")"
        self.slack = abs((goal["bound"] if goal["bound"] is not None else np.inf) - goal["objective"])

    def sentences(self, only: str = "") -> list[str]:
        """Return what is wrong with the sentences, or with those that read ``only``, a line for each fault."""
        if self.folder.result["goals"][0]["goal"] != "coverage":
            raise ValueError("this recount reads explanations of coverage")
        lines = (self.folder.path / "explanation.md").read_text(encoding="utf-8").splitlines()
        part, read = "", 0
        for line in filter(None, lines):
            if line.startswith("## "):
                part = line.removeprefix("## ")
                continue
            read += bool(part)
            if not part or only not in line:
                continue
            self.check(hasattr(self, f"in_{_key(part)}"), f"nobody can read the part {part!r}")
            getattr(self, f"in_{_key(part)}", lambda _: None)(line.removeprefix("- "))
        self.check(read > 5, "there is nothing to read")
        return self.said

    def check(self, holds: bool, fault: str) -> None:
        """Note a fault."""
        if not holds:
            self.said.append(fault)

    def near(self, told: float, counted: float, line: str, by: float = ROUNDING) -> None:
        """Note that a number differs."""
        self.check(abs(told - counted) <= by + 1e-6, f"told {told:,.2f}, counted {counted:,.2f}: {line}")

    # How sure it is

    def in_how_sure_it_is(self, line: str) -> None:
        """Read the first aim, what the plan reaches, and what none can exceed."""
        if line.startswith("People of "):
            named = re.fullmatch(r"People of (.+) count by the layer of need, .* plan\.xlsx has the heads\.", line)
            told = sorted(self.service_of[name] for name in re.split(", | and ", named[1])) if named else []
            self.check(told == sorted(filter(self.weighs, self.folder.services)), line)
            return
        if line.startswith("First aim: people counted by circle weight, over all services"):
            self.check(
                ("(weighted people, not heads)" in line) == any(map(self.weighs, self.folder.services)), f"whom? {line}"
            )
            over = re.search(r"summed over (\d+) years", line)
            self.check(int(over[1]) == len(self.folder.years) if over else not self.folder.years, line)
            return
        read = re.fullmatch(
            rf"(Proven|Not proven to be the best): this plan reaches {NUMBER}; (?:no plan that keeps every rule can do better than "
            rf"{NUMBER}(?: \(gap {NUMBER} %\))?|how much better one could be is not known)\.",
            line,
        )
        if read is None:
            self.said.append(f"nobody can read: {line}")
            return
        told = self.folder.result["goals"][0]
        counted = self.folder.over_years(self.folder.states())
        # The solver may leave out a crumb of those whom a place would be found for.
        self.near(number(read[2]), counted, line, ROUNDING + 1e-4 * counted)
        self.check((read[1] == "Proven") == self.folder.result["proven"], line)
        if read[3]:
            self.check(told["bound"] - 1e-6 <= number(read[3]) <= told["bound"] + 0.1 + 1e-6, line)
            self.check(number(read[3]) >= counted - 1e-4 * counted, f"the plan is better than its bound: {line}")
        if read[4]:
            self.near(number(read[4]), 100 * (told["bound"] / counted - 1), line, 0.011)

    # What each opening brings

    def in_what_each_opening_brings(self, line: str) -> None:
        """Count an opening alone, and what is lost when it is left out."""
        if line.startswith("Alone: against today."):
            return
        read = re.fullmatch(
            rf"(.+?) at (.+): alone (?:{NUMBER}) {WHO} within (\d+) minutes; left out, (?:{NUMBER} (fewer|more) {WHO}|no fewer, but they walk "
            rf"farther \({NUMBER} less by circle weight\)|(nothing) is lost by circle weight)\.",
            line,
        )
        if read is None:
            self.said.append(f"nobody can read: {line}")
            return
        service = self.service_of[read[1]]
        self.check(("weighted people" in line) == self.weighs(service), f"whom? {line}")
        offer = self.offer_at(service, read[2])
        self.check(
            number(read[4]) == self.folder.services[service]["circles"][-1]["minutes"], f"not the widest circle: {line}"
        )
        counted = self.alone_and_last(service, offer)
        self.near(number(read[3]), counted["alone"], line, 0.5)
        if read[5]:
            self.near(number(read[5]) * (1 if read[6] == "fewer" else -1), counted["last"], line, 0.5)
        else:
            self.near(0.0, counted["last"], line, 0.5)
            self.near(number(read[7]) if read[7] else 0.0, counted["worth_last"], line)

    def offer_at(self, service: str, told: str) -> int:
        """Return the opening of a service at a place named in a sentence."""
        table = self.folder.offers
        mine = [offer for offer in self.folder.new() if table.loc[offer, "service"] == service]
        (found,) = [o for o in mine if told in {self.place(table.loc[o, "place_id"]), table.loc[o, "place_id"]}]
        return found

    def weighs(self, service: str) -> bool:
        """Say whether the people of a service are weighted, by their groups or by need: no heads."""
        weights = self.folder.services[service]["demand"].values()
        return any(weight != 1 for weight in weights) or bool((self.folder.demand["need_weight"] != 1).any())

    def place(self, place_id: str) -> str:
        """Return a place as a sentence has to name it."""
        name = " ".join(str(self.folder.places.loc[place_id, "name"]).split())
        return f"{name} ({place_id})" if name and place_id not in name.split() else name or place_id

    def alone_and_last(self, service: str, offer: int) -> dict[str, float]:
        """Return people and worth of an opening over today, and what is lost without it."""
        folder, stands = self.folder, set(self.folder.replaced(offer))
        states: dict[str, State] = {"today": folder.today(), "plan": folder.planned()}
        states["alone"] = tuple(sorted(set(states["today"]) - stands | {offer}))
        states["rest"] = tuple(sorted(set(states["plan"]) - {offer} | stands))
        people = {name: folder.served(service, state).most for name, state in states.items()}
        worth = {name: folder.worth(state) for name, state in states.items()}
        return {
            "alone": people["alone"] - people["today"],
            "last": people["plan"] - people["rest"],
            "worth_alone": worth["alone"] - worth["today"],
            "worth_last": worth["plan"] - worth["rest"],
        }

    # What the rules cost

    def in_what_the_rules_cost(self, line: str) -> None:
        """Hold what is said of a rule against the table of prices and the bounds of the plan."""
        if line.endswith(":") or line.startswith(("Each rule is dropped alone", "More time (")):
            free = re.search(rf"the first aim gains at most {NUMBER}, proven", line)
            if free:
                same = self.prices[self.prices["proven"] & ~self.changed()]
                self.check(number(free[1]) >= same["gain_at_most"].max() - 1e-6, line)
                self.near(number(free[1]), max(same["gain_at_most"].max(), 0.0), line, 0.11)
            return
        meant = self.prices[[line.startswith(rule) for rule in self.prices["rule_en"]]]
        self.check(len(meant) > 0, f"not a rule of the table: {line}")
        if not len(meant):
            return
        row = meant.loc[meant["rule_en"].str.len().idxmax()]
        self.limit(row["key"], row["rule_en"])
        gain = re.search(rf"{NUMBER} {WHO} by circle weight", line)
        if gain:
            self.near(number(gain[1]), row["gain"], line)
        for people, who, minutes, service in re.findall(rf"{NUMBER} ({WHO}) within (\d+) minutes of ([^,.]+)", line):
            self.check((who != "people") == self.weighs(self.service_of[service]), f"whom? {line}")
            self.near(number(people), row[f"people_{self.service_of[service]}"], line, 0.5)
            self.check(int(minutes) == self.folder.services[self.service_of[service]]["circles"][-1]["minutes"], line)
        for pattern, column in ((r"of capital[.,]", "capital_cost"), (r"a year[.,]", "yearly_cost")):
            told = re.search(rf"without it.* {self.money} {pattern}", line)
            self.near(number(told[1]) if told else 0.0, row[column] if "without it" in line else 0.0, line, 0.5)
        self.between(line, row["gain"], row["gain_at_most"])

    def changed(self) -> pd.Series:
        """Return which rules are told to change anything."""
        people = [column for column in self.prices if column.startswith("people_")]
        told = (self.prices["gain"].abs() >= 0.05) | (self.prices[people].abs() >= 0.5).any(axis=1)
        return told | (self.prices[["capital_cost", "yearly_cost"]].abs() >= 1).any(axis=1)

    def between(self, line: str, gain: float, gain_at_most: float) -> None:
        """Check "at least" and "at most" by what the plan may lack itself, and by the bound without the rule."""
        least = re.search(rf"worth at least {NUMBER}", line)
        most = re.search(rf"(?:and|worth|gains) at most {NUMBER}", line)
        if least:
            self.check(number(least[1]) <= max(0.0, gain - self.slack) + 1e-6, f"more than is proven: {line}")
            self.near(number(least[1]), gain - self.slack, line, 0.11)
        if most:
            self.check(number(most[1]) >= gain_at_most - 1e-6, f"less than is proven: {line}")
            self.near(number(most[1]), gain_at_most, line, 0.11)

    def limit(self, key: str, rule: str) -> None:
        """Check the limit that a rule names against the study."""
        value: object = self.folder.study
        for step in key.split(", ", maxsplit=1)[0].split("."):
            if isinstance(value, list):
                (value,) = [one for i, one in enumerate(value) if step in {str(i), one.get("id")}]
            elif isinstance(value, dict) and step in value:
                value = value[step]
            else:
                return  # a rule of the layers, not one value of the study
        if isinstance(value, int | float):
            shown = {f"{value:,.0f}", f"{100 * value:.1f} %", f"{100 * value:g} percentage"}
            self.check(any(text in rule for text in shown), f"{key} is {value}: {rule}")

    # Swaps

    def in_swaps(self, line: str) -> None:
        """Count a swap again: its gain, its people, and every rule it breaks."""
        if line == "None of the swaps tried keeps every rule.":
            self.check(not self.swaps["allowed"].any(), line)
            return
        if line in {"Only the most promising swaps were tried.", "There is no swap to compare."}:
            return
        allowed = line.startswith("Of the swaps that rules allow")
        self.check(allowed or line.startswith("The best swap that rules refuse: "), f"nobody can read: {line}")
        row = self.swaps[self.swaps["allowed"] == allowed].iloc[0]
        names = [f" at {self.place(row[f'{way}_place_id'])}" for way in ("into", "out")]
        self.check(all(name in line for name in names), line)
        states = self.swapped(row)
        gain = self.folder.over_years(states) - self.folder.over_years(self.folder.states())
        told = re.search(rf"{NUMBER} by circle weight( \(summed over {len(self.folder.years)} years\))?;", line)
        self.near(number(told[1]), gain, line)
        self.check(bool(told[2]) == bool(self.folder.years), f"summed over years, or not: {line}")
        for people, who, minutes, service in re.findall(rf"{NUMBER} ({WHO}) within (\d+) minutes of ([^,.;]+)", line):
            self.check((who != "people") == self.weighs(self.service_of[service]), f"whom? {line}")
            self.check(int(minutes) == self.folder.services[self.service_of[service]]["circles"][-1]["minutes"], line)
            ends = [self.folder.served(self.service_of[service], state).most for state in (states[-1], self.plan)]
            self.near(number(people), ends[0] - ends[1], line, 0.5)
        for minutes, service in re.findall(
            r"as many (?:weighted )?people as before within (\d+) minutes of ([^,.;]+)", line
        ):
            self.check(int(minutes) == self.folder.services[self.service_of[service]]["circles"][-1]["minutes"], line)
            ends = [self.folder.served(self.service_of[service], state).most for state in (states[-1], self.plan)]
            self.near(0.0, ends[0] - ends[1], line, 0.5)
        counted = self.folder.broken(states)
        key_of = dict(zip(self.prices["rule_en"], self.prices["key"], strict=True))
        asks = "what that kind of building or service asks for (site_kinds, services)"
        said = {key_of.get(rule, rule) for rule in row["broken_en"].split("; ")} if row["broken_en"] else set()
        said = {"class" if rule == asks else rule for rule in said}
        self.check(said == counted, f"said to break {sorted(said)}, breaks {sorted(counted)}: {line}")
        self.check(allowed or line.endswith(f"it breaks: {row['broken_en']}."), line)

    @property
    def plan(self) -> State:
        """Return the plan in the end."""
        return self.folder.planned()

    def swapped(self, row: object) -> list[State]:
        """Return the states of the plan with one opening in place of another, from the same year on."""
        table = self.folder.offers
        (out,) = [
            offer
            for offer in self.folder.new()
            if (table.loc[offer, "place_id"], table.loc[offer, "service"]) == (row["out_place_id"], row["out_service"])
        ]
        same = (
            (table["place_id"] == row["into_place_id"]) & (table["service"] == row["into_service"]) & ~table["stands"]
        )
        same &= (table["size"] == row["into_size"]) & (table["moves_from"] == "")
        into = int(np.flatnonzero(same)[0])
        states = self.folder.states()
        return [tuple(sorted({*state, into} - {out})) if out in state else state for state in states]

    # Who pays

    def in_who_pays(self, line: str) -> None:
        """Add up what every department pays, and what counts against the whole."""
        if line == "The study names no departments.":
            self.check(not self.folder.study.get("budgets", {}).get("departments"), line)
            return
        budgets = self.folder.study["budgets"]
        whole = re.search(rf"capital {self.money} \((.+?)\), each year {self.money} \((.+?)\)\.$", line)
        if line.startswith("Counted against the overall budgets"):
            outside = [one["name"]["en"] for one in budgets["departments"].values() if one.get("outside")]
            self.check(("without " in line) == bool(outside) and all(name in line for name in outside), line)
            self.near(number(whole[1]), self.bill["capital"][""], line, 0.5)
            self.near(number(whole[3]), self.bill["yearly"][""], line, 0.5)
            self.limits(whole[2], budgets.get("capital_cost"), line)
            self.limits(whole[4], budgets.get("yearly_cost"), line)
            return
        (who,) = [name for name, one in budgets["departments"].items() if line.startswith(one["name"]["en"] + ": ")]
        read = re.search(rf": {self.money} of capital(?: \((.+?)\))?, {self.money} a year(?: \((.+?)\))?$", line)
        self.near(number(read[1]), self.bill["capital"][who], line, 0.5)
        self.near(number(read[3]), self.bill["yearly"][who], line, 0.5)
        if read[2]:
            self.limits(read[2], budgets["departments"][who].get("capital_cost"), line)
            self.limits(read[4], budgets["departments"][who].get("yearly_cost"), line)

    def limits(self, said: str, limit: float | None, line: str) -> None:
        """Check a limit in brackets."""
        self.check(said == ("no limit" if limit is None else "limit " + self.written.format(f"{limit:,.0f}")), line)

    # What lacks money

    def in_what_lacks_money(self, line: str) -> None:
        """Hold what endless money would bring against its table, and the items against their offers."""
        endless, lacking = self.folder.table("explanation/endless_money"), self.folder.table("explanation/unfunded")
        if line in {
            "The time did not suffice to ask.",
            "The study sets no limit on money.",
            "Of these, this plan lacks the money for:",
            "It has no service at a place where this plan has not: sizes or years differ.",
        }:
            self.check(("Of these" in line) == bool(len(lacking)), line)
            return
        item = re.fullmatch(rf"(.+?) at (.+): fit-out {self.money}, {self.money} a year \(without .+\)", line)
        if item:
            service = self.service_of[item[1]]
            named = lacking["place_id"].map(self.place) == item[2]
            (row,) = lacking[(lacking["service"] == service) & named].to_dict("records")
            table = self.folder.offers
            mine = (table["place_id"] == row["place_id"]) & (table["service"] == service) & ~table["stands"]
            mine &= table["size"] == row["size"]
            self.check(not table.loc[mine, "planned"].any(), f"the plan has it: {line}")
            self.check(number(item[3]) in set(table.loc[mine, "capital_cost"].round()), line)
            self.check(number(item[4]) in set(table.loc[mine, "yearly_cost"].round()), line)
            return
        (row,) = endless.to_dict("records")
        if line.startswith("Money is not what holds this plan back"):
            self.check(bool(row["proven"]) and abs(row["gain"]) < ROUNDING, line)
        elif line.startswith("Without any limit on money the plan would open "):
            read = re.search(
                rf"would open (\d+) services in all: against this plan {self.money} of capital, {self.money} a year",
                line,
            )
            self.check(int(read[1]) == row["openings"], line)
            self.near(number(read[2]), row["capital_cost"], line, 0.5)
            self.near(number(read[3]), row["yearly_cost"], line, 0.5)
            gain = re.search(rf"{NUMBER} {WHO} by circle weight", line)
            self.near(number(gain[1]) if gain else 0.0, row["gain"], line)
        else:
            known = line.startswith("Without any limit on money no better plan was found in the time allowed")
            self.check(known and abs(row["gain"]) < ROUNDING, f"nobody can read, or untrue: {line}")
        self.between(line, row["gain"], row["gain_at_most"])

    # When

    def in_when(self, line: str) -> None:
        """Count back from the year of opening to the year in which approval has to start."""
        read = re.fullmatch(r"(\d+): (.+?) at (.+); its approval must start (now, )?in (\d+)( at the latest)?", line)
        if read is None:
            self.said.append(f"nobody can read: {line}")
            return
        offer, first = self.offer_at(self.service_of[read[2]], read[3]), self.folder.years[0]
        opens = int(self.folder.offers.loc[offer, "year"])
        ready = max(first, int(self.folder.ready.get(self.folder.offers.loc[offer, "place_id"], first)))
        self.check(int(read[1]) == opens, f"opens in {opens}: {line}")
        self.check(int(read[5]) == opens - (ready - first), f"must start in {opens - (ready - first)}: {line}")
        self.check(bool(read[4]) == (int(read[5]) <= first), line)

    # Tables

    def tables(self) -> list[str]:
        """Return what is wrong with the tables behind the sentences, and what of them is left unsaid."""
        said = (self.folder.path / "explanation.md").read_text(encoding="utf-8")
        new = self.folder.new()
        self.check(len(self.openings) == len(new), "an opening is not told")
        self.check(not self.folder.broken(self.folder.states()), "the plan itself breaks a rule")
        for row in self.openings.to_dict("records"):
            counted = self.alone_and_last(row["service"], self.offer_at(row["service"], row["place_id"]))
            for name in ("worth_alone", "worth_last"):
                self.near(row[name], counted[name], f"{name} of {row['service']} at {row['place_id']}", 1e-3)
            for name in ("people_alone", "people_last"):
                self.near(row[name], counted[name.removeprefix("people_")], f"{name} at {row['place_id']}", 1e-3)
        for rule in self.prices["rule_en"]:
            self.check(said.count(f"\n- {rule}") == 1, f"the rule {rule} is not told once")
        priced = self.prices[self.prices["priced"].astype(bool)]
        worse = priced["gain_at_least"] > np.maximum(0.0, priced["gain"] - self.slack) + 1e-6
        self.check(not worse.any(), "a price is told to be more than is proven")
        self.check(not (priced["gain"] > priced["gain_at_most"] + 1e-6).any(), "a gain is above its bound")
        return self.said


def _key(part: str) -> str:
    return re.sub(r"\W+", "_", part.lower())


def untrue(folder: Folder) -> list[str]:
    """Return every untrue or unreadable sentence of the explanation in a run's folder; an empty list means all are true."""
    return Reader(folder).sentences() + Reader(folder).tables()


if __name__ == "__main__":
    found = untrue(Folder(Path(sys.argv[1])))
    print("\n".join(found) or "every sentence is true")
    sys.exit(bool(found))
