"""An exporter whose library is not installed."""

import a_library_that_is_not_there

exporter = a_library_that_is_not_there.exporter
