"""The aggregation layer: API group versions that other servers answer, behind this one."""
