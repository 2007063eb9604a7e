"""The deployments and the owned hour that several verdicts share."""

from __future__ import annotations

from inferwall.architecture import transformer
from inferwall.claims.lookup import row_of
from inferwall.cost import rents
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.owned_hours import OwnedHour
from inferwall.step import Deployment

RATE_PER_YEAR, BUILDING_LIFE_YEARS = 0.10, 20.0  # assumed, as in chapter 11
PARTS = ("network", "accelerators")


def llama_on_h200(chips: int = 1) -> Deployment:
    """Return Llama 3.1 70B in FP8 on H200, with the constants of whole servers.

    >>> llama_on_h200().model.name
    'Llama 3.1 70B'
    """
    chip, model = accelerator("H200 SXM"), transformer("Llama 3.1 70B")
    serving = named_efficiency("serving")
    return Deployment(model, chip, chips, "fp8", "fp8", efficiency=serving)


def lowest_rent_usd_per_hour(chip_name: str) -> float:
    """Return the lowest on-demand rent of a chip on the last day that has any.

    >>> lowest_rent_usd_per_hour("H200 SXM")
    3.59
    """
    prices = rents(chip_name)
    latest = prices[prices["price_date"] == prices["price_date"].max()]
    return float(latest["usd_per_accelerator_hour"].min())


def owned_h200() -> OwnedHour:
    """Return an hour of an H200 owned in a server of eight, as chapter 11 computes it.

    >>> round(owned_h200().total_usd_per_hour, 1)
    2.1
    """
    costs, bought = table("dc_costs"), table("purchase_prices")

    def cost(**where: str) -> float:
        return float(row_of("dc_costs", **where)["value"])

    server = bought[bought["accelerator"] == "H200 SXM"].sort_values("price_date").iloc[-1]
    host_usd = cost(item="DGX H100", quantity="cost of parts other than GPUs") / 8
    chip_usd = float(server["usd_per_accelerator"]) - host_usd
    share = {part: cost(item=part, quantity="share of capital cost") for part in PARTS}
    buildings = costs[costs["item"] == "building with power and cooling"]
    per_w = buildings[buildings["quantity"] == "capital cost"]["value"]
    draw = row_of("power_draw", load="serving, share of the most", device="Server of 8 H100")
    return OwnedHour(
        accelerator_usd=chip_usd,
        server_usd=host_usd,
        network_usd=chip_usd * share["network"] / share["accelerators"],
        building_usd_per_w=float(per_w.median()),
        power_w=1e3 * cost(item="H200 SXM", quantity="power with host and network"),
        pue=cost(category="pue", item="AWS"),
        tariff_usd_per_kwh=float(row_of("regions", region="Dallas")["tariff_usd_per_kwh"]),
        rate_per_year=RATE_PER_YEAR,
        life_years=cost(item="Amazon: some servers and network"),
        building_life_years=BUILDING_LIFE_YEARS,
        draw_share=float(draw["value"]),
        idle_share=0.0,
        maintenance_per_year=cost(category="maintenance", item="equipment"),
    )


OWNED_SOURCES = (
    "epoch-hardware-prices",
    "bernstein-gw-cost-2025",
    "turner-townsend-2025-report",
    "semianalysis-tco-constants",
    "oviedo-summary-2025",
    "dcd-pue-2023",
    "eia-power-annual-2023",
    "deepquarry-amazon-lives",
    "barroso-datacenter-3",
)
"""The sources behind `owned_h200`: prices, network, building, watts, PUE, tariff, life, upkeep."""
