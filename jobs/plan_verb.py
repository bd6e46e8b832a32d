"""The verb that says what a crawl would take before it is begun: plan."""

from __future__ import annotations

import dataclasses
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from jobs.verbs import COMPLETE, Arguments, UsageError, Verbs, add_json, add_verb, print_json, print_table
from pipeline.config import load_config
from pipeline.plan import Pace, Plan, draw, make_plan, measure, paces
from pipeline.sources import open_source

log = logging.getLogger("pmc15m")

_RATES = "100,500,1000"


def add(verbs: Verbs) -> None:
    """Adds the verb of this module to the command line."""
    doc = "Say what a crawl would take: requests, bytes, core-hours, hours and money, from the inventory and a sample."
    parser = add_verb(verbs, "plan", _plan, doc, "pmc15m plan --source s3://pmc-oa-opendata --articles 100000")
    parser.add_argument("--source", required=True, help="as for rebuild")
    parser.add_argument("--articles", type=int, help="article versions of the crawl; by default all in the inventory")
    parser.add_argument("--sample", type=int, default=200, help="article versions that are fetched and measured")
    parser.add_argument("--rates", default=_RATES, help=f"comma list of requests per second; by default {_RATES}")
    parser.add_argument("--core-hour-price", type=float, help="price of a core for an hour, in any currency")
    parser.add_argument("--tb-month-price", type=float, help="price of a terabyte of disk for a month")
    parser.add_argument("--recipe", type=Path, help="TOML file with settings; see jobs/conf")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    parser.add_argument("--license", metavar="CLASS", help="commercial (default), noncommercial, all, or licence codes")
    add_json(parser)


def _plan(args: Arguments, console: Console) -> int:
    rates = _rates(args.rates)
    if args.sample < 1 or (args.articles is not None and args.articles < 1):
        raise UsageError("--sample and --articles take numbers of at least 1")
    config = load_config(args.recipe, [*args.set, *([f"catalog.license={args.license}"] if args.license else [])])
    location = args.source if "://" in args.source else str(Path(args.source).resolve())
    source = open_source(location)
    log.info("source: %s", source.describe())
    listing = draw(source, source.snapshot(), args.sample)
    if not listing.drawn:
        raise UsageError(f"{args.source}: its inventory lists no article")
    log.info("inventory: %d article versions; measuring %d of them", listing.n_versions, len(listing.drawn))
    with tempfile.TemporaryDirectory() as scratch:
        costs, images = measure(listing.drawn, config, location, Path(scratch))
    plan = make_plan(costs, images, min(args.articles or listing.n_versions, listing.n_versions))
    facts = {"listed": listing.n_versions, "inventory_bytes": listing.n_bytes, "inventory_seconds": listing.seconds}
    money = _money(plan, args.core_hour_price, args.tb_month_price)
    if args.json:
        rows = [dataclasses.asdict(pace) for pace in paces(plan, rates)]
        print_json({**facts, **dataclasses.asdict(plan), "paces": rows, "money": money})
    else:
        _print(plan, listing.n_versions, paces(plan, rates), money)
    return COMPLETE


def _rates(text: str) -> list[float]:
    try:
        rates = [float(word) for word in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--rates {text}: not a comma list of numbers") from error
    if min(rates) <= 0:
        raise UsageError(f"--rates {text}: a rate is above 0")
    return rates


def _money(plan: Plan, core_hour: float | None, tb_month: float | None) -> dict[str, float]:
    """What was priced; reading from the bucket costs its readers nothing."""
    money = {}
    if core_hour is not None:
        money["cores"] = core_hour * sum(plan.core_hours.values())
    if tb_month is not None:
        money["disk, a month"] = tb_month * plan.stored_bytes / 1e12
    return money


def _print(plan: Plan, n_listed: int, at: list[Pace], money: dict[str, float]) -> None:
    print_table(("what", "total", "+/-", "of one version"), _totals(plan, n_listed, money), numbers=("total", "+/-"))
    print_table(
        ("requests/s", "hours", "MB/s", "busy cores"),
        ((f"{p.requests_per_s:g}", f"{p.hours:.2f}", f"{p.mb_per_s:.1f}", f"{p.cores:.1f}") for p in at),
        numbers=("requests/s", "hours", "MB/s", "busy cores"),
    )


def _totals(plan: Plan, n_listed: int, money: dict[str, float]) -> Iterator[tuple[str, ...]]:
    n = plan.n_versions
    yield "article versions", f"{n:,}", "", f"of {n_listed:,} listed; {plan.n_sampled} measured"
    for name in ("requests", "images"):
        found = getattr(plan, name)
        yield name, f"{found.total:,.0f}", f"{found.margin:,.0f}", f"{found.total / n:.2f}"
    gigabytes = plan.bytes.total / 1e9, plan.bytes.margin / 1e9
    yield "GB to read", f"{gigabytes[0]:,.3f}", f"{gigabytes[1]:,.3f}", f"{plan.bytes.total / n / 1e3:.0f} kB"
    yield "GB to store", f"{plan.stored_bytes / 1e9:,.3f}", "", f"{plan.stored_bytes / n / 1e3:.0f} kB"
    for stage, hours in {**plan.core_hours, "all stages": sum(plan.core_hours.values())}.items():
        yield f"core-hours: {stage}", f"{hours:,.2f}", "", f"{hours * 3.6e6 / n:.1f} ms"
    yield from ((f"money: {name}", f"{amount:,.2f}", "", "") for name, amount in money.items())
