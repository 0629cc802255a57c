#define _GNU_SOURCE
#include "opening.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// Calls that wait at the same time, of one open file.
enum { CHANNEL_COUNT = 4 };
// Descriptors above these are no devices'.
enum { FILE_COUNT = 1024 };
// The most parts of one writev().
enum { PART_COUNT = 16 };

// A connection for one call at a time.
struct channel {
  pthread_mutex_t lock;
  // -1 before the first call.
  int socket;
};

struct opening {
  // What the descriptor was when it was opened. A descriptor that was closed behind our back, and
  // its number given to another file, is not it.
  dev_t device;
  ino_t inode;
  // The server's number of it.
  uint64_t number;
  // Kept, and of a child's too: the file is closed when the last one is.
  int connection;
  int has_positions;
  off_t position;
  struct sockaddr_un address;
  struct channel channels[CHANNEL_COUNT];
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct opening *openings[FILE_COUNT];
// Whose memory the table is in. A child of vfork() is another process, which closes files of its own.
static pid_t owner;

// MARK: Messages

static int connect_to(const struct sockaddr_un *address) {
  int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connection < 0) return -1;
  if (connect(connection, (const struct sockaddr *)address, sizeof *address) == 0)
    return connection;
  int error = errno;
  close(connection);
  errno = error;
  return -1;
}

static ssize_t send_call(
    int connection, const struct device_call *call, const struct iovec *parts, int count) {
  struct iovec all[1 + PART_COUNT] = {{(void *)call, sizeof *call}};
  if (count > 0) memcpy(all + 1, parts, sizeof *parts * (size_t)count);
  struct msghdr message = {.msg_iov = all, .msg_iovlen = 1 + (size_t)count};
  ssize_t result;
  do {
    result = sendmsg(connection, &message, MSG_NOSIGNAL);
  } while (result < 0 && errno == EINTR);
  return result;
}

// The answer, with its bytes in `bytes`: how many they are, or -1 where the server is gone. A signal
// is passed on, and what the call gives after it waited for.
static ssize_t receive_answer(
    int connection, struct device_answer *answer, void *bytes, size_t size, int *descriptor) {
  struct iovec parts[] = {{answer, sizeof *answer}, {bytes, size}};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
  } control;
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = size ? 2 : 1};
  if (descriptor) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
  }
  for (;;) {
    ssize_t length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    if (length < 0 && errno == EINTR) {
      struct device_call interrupt = {.kind = DEVICE_INTERRUPT};
      send_call(connection, &interrupt, NULL, 0);
      continue;
    }
    if (length < (ssize_t)sizeof *answer) return -1;
    if (descriptor && message.msg_controllen >= CMSG_LEN(sizeof(int)))
      memcpy(descriptor, CMSG_DATA(&control.header), sizeof *descriptor);
    return length - (ssize_t)sizeof *answer;
  }
}

// What a call returns whose server is gone: as FUSE has it.
static ssize_t fail_without_server(void) {
  errno = ENOTCONN;
  return -1;
}

// MARK: The table

// A child has its parent's connections; it calls through its own.
static void forget_channels(void) {
  owner = getpid();
  for (int file = 0; file < FILE_COUNT; file++) {
    if (!openings[file]) continue;
    for (int index = 0; index < CHANNEL_COUNT; index++) {
      struct channel *channel = &openings[file]->channels[index];
      if (channel->socket >= 0) close(channel->socket);
      channel->socket = -1;
      pthread_mutex_init(&channel->lock, NULL);
    }
  }
}

static void prepare_for_children(void) {
  owner = getpid();
  pthread_atfork(NULL, NULL, forget_channels);
}

int find_device(const char *path, char *address, size_t size) {
  const char *folder = getenv(DEVICE_FOLDER_VARIABLE);
  if (!folder || !path || strncmp(path, "/dev/", 5) || !path[5] || strchr(path + 5, '/')) return -1;
  int error = errno;
  int length = snprintf(address, size, "%s/%s", folder, path + 5);
  struct stat status;
  int is_ours = length > 0 && (size_t)length < size && stat(address, &status) == 0 &&
                S_ISSOCK(status.st_mode);
  errno = error;
  return is_ours ? 0 : -1;
}

int open_device(const char *address, int flags) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare_for_children);
  struct opening *opening = calloc(1, sizeof *opening);
  if (!opening) return -1;
  opening->address.sun_family = AF_UNIX;
  strncpy(opening->address.sun_path, address, sizeof opening->address.sun_path - 1);
  for (int index = 0; index < CHANNEL_COUNT; index++) {
    opening->channels[index].socket = -1;
    pthread_mutex_init(&opening->channels[index].lock, NULL);
  }
  opening->connection = connect_to(&opening->address);
  struct device_call call = {.kind = DEVICE_OPEN};
  struct device_answer answer = {.result = -ENOTCONN};
  int file = -1;
  if (opening->connection >= 0 && send_call(opening->connection, &call, NULL, 0) >= 0)
    receive_answer(opening->connection, &answer, NULL, 0, &file);
  if (answer.result >= 0 && file >= FILE_COUNT) answer.result = -EMFILE;
  struct stat status;
  if (answer.result < 0 || file < 0 || fstat(file, &status) < 0) {
    if (file >= 0) close(file);
    if (opening->connection >= 0) close(opening->connection);
    free(opening);
    errno = answer.result < 0 ? (int)-answer.result : ENOTCONN;
    return -1;
  }
  if (!(flags & O_CLOEXEC)) fcntl(file, F_SETFD, 0);
  if (flags & O_NONBLOCK) fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK);
  opening->device = status.st_dev;
  opening->inode = status.st_ino;
  opening->number = (uint64_t)answer.result;
  opening->has_positions = answer.has_positions != 0;
  pthread_mutex_lock(&table_lock);
  openings[file] = opening;
  pthread_mutex_unlock(&table_lock);
  return file;
}

struct opening *find_opening(int file) {
  if (file < 0 || file >= FILE_COUNT || !openings[file]) return NULL;
  struct stat status;
  struct opening *opening = openings[file];
  int error = errno;
  int is_same = fstat(file, &status) == 0 && status.st_ino == opening->inode &&
                status.st_dev == opening->device;
  errno = error;
  if (is_same) return opening;
  close_opening(file);
  return NULL;
}

void close_opening(int file) {
  if (file < 0 || file >= FILE_COUNT || !openings[file] || getpid() != owner) return;
  pthread_mutex_lock(&table_lock);
  struct opening *opening = openings[file];
  openings[file] = NULL;
  pthread_mutex_unlock(&table_lock);
  if (!opening) return;
  for (int index = 0; index < CHANNEL_COUNT; index++)
    if (opening->channels[index].socket >= 0) close(opening->channels[index].socket);
  close(opening->connection);
  free(opening);
}

// MARK: Calls

// A connection that nobody calls through, until leave(); all of them may be in use.
static struct channel *enter(struct opening *opening) {
  struct channel *channel = NULL;
  for (int index = 0; index < CHANNEL_COUNT && !channel; index++)
    if (pthread_mutex_trylock(&opening->channels[index].lock) == 0)
      channel = &opening->channels[index];
  if (!channel) {
    channel = &opening->channels[CHANNEL_COUNT - 1];
    pthread_mutex_lock(&channel->lock);
  }
  if (channel->socket >= 0) return channel;
  struct device_call join = {.kind = DEVICE_JOIN, .argument = opening->number};
  channel->socket = connect_to(&opening->address);
  if (channel->socket >= 0 && send_call(channel->socket, &join, NULL, 0) < 0) {
    close(channel->socket);
    channel->socket = -1;
  }
  return channel;
}

static ssize_t call_device(
    struct opening *opening, int file, struct device_call *call, const struct iovec *parts,
    int count, void *bytes, size_t size) {
  call->is_nonblocking = (fcntl(file, F_GETFL) & O_NONBLOCK) != 0;
  struct device_answer answer = {.result = -ENOTCONN};
  struct channel *channel = enter(opening);
  if (channel->socket >= 0 && send_call(channel->socket, call, parts, count) >= 0)
    receive_answer(channel->socket, &answer, bytes, size, NULL);
  pthread_mutex_unlock(&channel->lock);
  if (answer.result == -ENOTCONN) return fail_without_server();
  if (answer.result < 0) {
    errno = (int)-answer.result;
    return -1;
  }
  return (ssize_t)answer.result;
}

static size_t size_of(const struct iovec *parts, int count) {
  size_t size = 0;
  for (int index = 0; index < count; index++) size += parts[index].iov_len;
  return size;
}

// Where a call without a position of its own goes.
static int64_t begin_at(struct opening *opening, off_t offset) {
  return offset < 0 && opening->has_positions ? opening->position : offset;
}

static ssize_t end_at(struct opening *opening, off_t offset, ssize_t result) {
  if (offset < 0 && opening->has_positions && result > 0) opening->position += result;
  return result;
}

static int has_no_position(struct opening *opening, off_t offset) {
  if (offset < 0 || opening->has_positions) return 0;
  errno = ESPIPE;
  return 1;
}

ssize_t read_device(
    struct opening *opening, int file, const struct iovec *parts, int count, off_t offset) {
  if (has_no_position(opening, offset)) return -1;
  struct device_call call = {
      .kind = DEVICE_READ, .offset = begin_at(opening, offset), .count = size_of(parts, count)};
  if (call.count == 0) return 0;
  char bytes[DEVICE_READ_MAX];
  ssize_t result = call_device(opening, file, &call, NULL, 0, bytes, sizeof bytes);
  size_t given = 0;
  for (int index = 0; index < count && result > 0 && given < (size_t)result; index++) {
    size_t left = (size_t)result - given;
    size_t size = parts[index].iov_len < left ? parts[index].iov_len : left;
    memcpy(parts[index].iov_base, bytes + given, size);
    given += size;
  }
  return end_at(opening, offset, result);
}

ssize_t write_device(
    struct opening *opening, int file, const struct iovec *parts, int count, off_t offset) {
  if (has_no_position(opening, offset)) return -1;
  if (count > PART_COUNT) {
    errno = EINVAL;
    return -1;
  }
  struct iovec first = {NULL, 0};
  struct device_call call = {
      .kind = DEVICE_WRITE, .offset = begin_at(opening, offset), .count = size_of(parts, count)};
  if (call.count == 0) return 0;
  if (call.count > DEVICE_WRITE_MAX) {
    // As the kernel writes a part of what is too much.
    first = parts[0];
    if (first.iov_len > DEVICE_WRITE_MAX) first.iov_len = DEVICE_WRITE_MAX;
    call.count = first.iov_len;
    parts = &first;
    count = 1;
  }
  return end_at(opening, offset, call_device(opening, file, &call, parts, count, NULL, 0));
}

int control_device(struct opening *opening, int file, unsigned long request, void *argument) {
  struct device_call call = {
      .kind = DEVICE_CONTROL, .count = (uint32_t)request, .argument = (uintptr_t)argument};
  return (int)call_device(opening, file, &call, NULL, 0, NULL, 0);
}
