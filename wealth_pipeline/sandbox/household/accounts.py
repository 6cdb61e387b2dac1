"""Declarations: the accounts of the household. Both holders are invented."""

from __future__ import annotations

from wealth_pipeline.sandbox.household.records import Account

US_ACCOUNT = Account(
    account_id="U1000001",
    alias="SandboxUSD",
    base="USD",
    customer_type="Individual",
    capabilities="Margin",
    permissions="Stocks,Options,Bonds,Futures,Forex,Crypto Currencies",
    entity="IBLLC-US",
    holder="Robin Quillfeather",
    street="12 Imaginary Lane",
    city="Springdale",
    state="US-VT",
    country="United States",
    postal_code="05000",
    email="robin.quillfeather@example.com",
)
EU_ACCOUNT = Account(
    account_id="U1000002",
    alias="SandboxEUR",
    base="EUR",
    customer_type="Joint",
    capabilities="Margin",
    permissions="Stocks,Options,Bonds,Futures,Forex,CFD,Mutual Funds",
    entity="IBIE",
    holder="Toni Quillfeather",
    street="Musterweg 7",
    city="Beispielstadt",
    state="DE-BY",
    country="Germany",
    postal_code="80000",
    email="toni.quillfeather@example.com",
    cost_in_base=True,
)
