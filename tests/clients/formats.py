"""For schemathesis: what the description's formats mean."""

import schemathesis
from hypothesis import strategies

schemathesis.openapi.format("time-zone", strategies.sampled_from(["", "UTC", "Europe/Berlin", "Asia/Shanghai"]))
schemathesis.openapi.format("strftime", strategies.sampled_from(["", "%F %T", "{name} {fps}/s", "100 %%", "车库"]))
