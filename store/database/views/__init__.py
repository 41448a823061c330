"""The views for analysts: `report_leads` and so on, each data, and the same on both databases."""
