// Nothing to call: compilers do, under names of their own.
#pragma once
