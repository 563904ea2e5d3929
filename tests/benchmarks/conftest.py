import sys
from pathlib import Path

# benchmarks/ is not part of the package: found in the checkout, after all else
sys.path.append(str(Path(__file__).parents[2]))
