from .dataset import open as open  # noqa: A004
from .estimate import Estimate as Estimate
from .plan import Plan as Plan
from .plan import PlanError as PlanError
from .plan import read_plan as read_plan
from .run import Summary as Summary
from .run import run as run
from .status import Status as Status
from .status import status as status
from .store import Failure as Failure
