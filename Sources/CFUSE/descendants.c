#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "CFUSE.h"

// Kills the children that a thread of ours has; how many it was.
static int kill_children(const char *thread) {
  char path[300];
  int child, count = 0;
  snprintf(path, sizeof path, "/proc/self/task/%s/children", thread);
  FILE *children = fopen(path, "re");
  if (!children) return 0;
  while (fscanf(children, "%d", &child) == 1) count += kill(child, SIGKILL) == 0;
  fclose(children);
  return count;
}

void device_end_descendants(void) {
  // The children of one that is killed become ours, so there may be more afterwards.
  for (int count = 1; count > 0;) {
    count = 0;
    DIR *threads = opendir("/proc/self/task");
    if (!threads) return;
    for (const struct dirent *entry; (entry = readdir(threads));)
      if (entry->d_name[0] != '.') count += kill_children(entry->d_name);
    closedir(threads);
    for (int number = 0; number < count; number++)
      if (waitpid(-1, NULL, 0) < 0) return;
  }
}
