"""Programmes (사업): a ministry's calls, the cities' bids, and the sites that were chosen.

Promises that every figure of a call (quota, caps, shares, years) is data of that call's year.
"""

from sandbox.programmes.calls import open_call, select_site, submit_bid
from sandbox.programmes.models import Bid, BidStatus, Call, Programme, Site

__all__ = ["Bid", "BidStatus", "Call", "Programme", "Site", "open_call", "select_site", "submit_bid"]
