"""The configuration of Prometheus, Grafana and the collector fits together and fits the services."""

import re
import unittest

import sources

_SERVICES = {"order-service": 9080, "courier-service": 9070, "assignment-service": 9325}


class Configuration(unittest.TestCase):
    def test_jobs_are_the_services_at_their_ports(self) -> None:
        jobs = sources.yaml(sources.OBSERVABILITY / "prometheus.yml")["scrape_configs"]
        found = {}
        for job in jobs:
            for names in job.get("dns_sd_configs", []):
                self.assertEqual((names["type"], names["names"]), ("A", [job["job_name"]]))
                found[job["job_name"]] = names["port"]
        self.assertEqual(found, _SERVICES)
        readme = (sources.CHECKOUT / "README.md").read_text(encoding="utf-8")
        for service, port in _SERVICES.items():
            self.assertRegex(readme, rf"\| {service} \| {port} \|")

    def test_the_objective_lies_on_a_bound_that_is_written_alike_everywhere(self) -> None:
        """Version 3 of Prometheus writes le="1.0" where a service says le="1"; a bound with a fraction stays what it is."""
        for rule in sources.rules():
            for bound in re.findall(r'\ble="([^"]*)"', rule["expr"]):
                self.assertRegex(bound, r"^\d+\.\d*[1-9]$", rule["expr"])

    def test_the_dashboard_reads_from_a_source_that_is_provisioned(self) -> None:
        grafana = sources.OBSERVABILITY / "grafana" / "provisioning"
        provided = {source["uid"]: source for source in sources.yaml(grafana / "datasources" / "dispatch.yaml")["datasources"]}
        self.assertEqual({source["type"] for source in provided.values()}, {"prometheus", "jaeger"})
        for dashboard in sources.dashboards().values():
            (variable,) = (v for v in dashboard["templating"]["list"] if v["type"] == "datasource")
            self.assertEqual(provided[variable["current"]["value"]]["type"], variable["query"])

    def test_each_step_of_the_collector_is_configured_and_each_that_is_configured_is_used(self) -> None:
        collector = sources.yaml(sources.OBSERVABILITY / "otel-collector.yaml")
        service = collector["service"]
        self.assertEqual(set(service["extensions"]), set(collector["extensions"]))
        for kind in ("receivers", "processors", "exporters"):
            used = {step for pipeline in service["pipelines"].values() for step in pipeline[kind]}
            self.assertEqual(used, set(collector[kind]), kind)
        for pipeline in service["pipelines"].values():
            self.assertEqual(pipeline["processors"][0], "memory_limiter")
