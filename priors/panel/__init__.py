"""Panels: several experts' priors in one."""
