"""The deployments and the owned hour that several verdicts share."""

from __future__ import annotations

from inferwall.architecture import transformer
from inferwall.claims.lookup import row_of
from inferwall.cost import rents
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.owned_hours import OwnedHour
from inferwall.step import Deployment

RATE_PER_YEAR, BUILDING_LIFE_YEARS = 0.10, 20.0  # assumed; no verdict turns on them


def llama_on_h200(chips: int = 1) -> Deployment:
    """Return Llama 3.1 70B in FP8 on H200, with the constants of whole servers.

    >>> llama_on_h200().model.name
    'Llama 3.1 70B'
    """
    chip, model = accelerator("H200 SXM"), transformer("Llama 3.1 70B")
    serving = named_efficiency("serving")
    return Deployment(model, chip, chips, "fp8", "fp8", efficiency=serving)


def lowest_rent_usd_per_hour(chip_name: str) -> float:
    """Return the lowest published on-demand rent of a chip.

    >>> lowest_rent_usd_per_hour("H200 SXM")
    3.59
    """
    return float(rents(chip_name)["usd_per_accelerator_hour"].min())


def owned_h100() -> OwnedHour:
    """Return an hour of an H100 owned in a server of eight, from published costs.

    >>> round(owned_h100().total_usd_per_hour, 1)
    1.4
    """

    def cost(**where: object) -> float:
        return float(row_of("dc_costs", **where)["value"])

    dollars_per_w = cost(category="building", region="Silicon Valley")
    return OwnedHour(
        accelerator_usd=cost(item="DGX H100", quantity="price") / 8,
        server_usd=0.0,
        network_usd=0.0,
        building_usd_per_w=dollars_per_w,
        power_w=cost(category="power", item="H100 SXM", as_of="2026-08-15") * 1e3,
        pue=cost(category="pue", item="sites of a survey", as_of="2025"),
        tariff_usd_per_kwh=float(row_of("regions", region="Washington DC")["tariff_usd_per_kwh"]),
        rate_per_year=RATE_PER_YEAR,
        life_years=cost(item="Amazon: some servers and network"),
        building_life_years=BUILDING_LIFE_YEARS,
    )


OWNED_SOURCES = (
    "epoch-hardware-prices",
    "semianalysis-tco-constants",
    "turner-townsend-2025-report",
    "uptime-survey-2025-report",
    "deepquarry-amazon-lives",
    "eia-power-annual-2023",
)
"""The sources behind `owned_h100`."""
