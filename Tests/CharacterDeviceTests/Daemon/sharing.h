// Shares a device's open file with threads, signals and children, and prints what each call gives: the
// exit status. Nobody sends requests.
int share(const char *path);
