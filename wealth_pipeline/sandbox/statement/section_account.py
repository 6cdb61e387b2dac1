"""The section AccountInformation."""

from __future__ import annotations

from datetime import date

from wealth_pipeline.sandbox.household.records import Account
from wealth_pipeline.sandbox.statement.markup import attributes, day_text, element
from wealth_pipeline.sandbox.statement.subjects import account_attributes


def account_information(account: Account, opened: date, closed: date | None = None) -> str:
    """AccountInformation, with the holder's (invented) name, address and e-mail as IBKR has them."""
    place = {
        "street": account.street,
        "street2": "",
        "city": account.city,
        "state": account.state,
        "country": account.country,
        "postalCode": account.postal_code,
    }
    return element(
        "AccountInformation",
        account_attributes(account),
        attributes(
            currency=account.base,
            name=account.holder,
            accountType=account.customer_type,
            customerType=account.customer_type,
            accountCapabilities=account.capabilities,
            tradingPermissions=account.permissions,
            registeredRepName="",
            registeredRepPhone="",
            accountRepName="",
            accountRepPhone="",
            dateOpened=day_text(opened),
            dateFunded=day_text(opened),
            dateClosed=day_text(closed),
            lastTradedDate="",
            **place,
            **{f"{name}ResidentialAddress": value for name, value in place.items()},
            masterName="",
            ibEntity=account.entity,
            primaryEmail=account.email,
        ),
    )
