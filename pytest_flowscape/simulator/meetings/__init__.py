"""Delivery of meetings: requests, answers, updates and cancellations, from mailbox to mailbox."""
