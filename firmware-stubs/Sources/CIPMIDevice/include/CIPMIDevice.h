// /dev/ipmiN, Linux's own interface of a host to its BMC, for one system interface and one caller.
//
// A negative result is -errno. Source: Linux, include/uapi/linux/ipmi.h.
#pragma once

#include <linux/ioctl.h>
#include <linux/ipmi.h>

#include "CLinux.h"

// What the driver has for a program.
struct ipmi_received {
  // IPMI_RESPONSE_RECV_TYPE or IPMI_ASYNC_EVENT_RECV_TYPE, or another of Linux's.
  int32_t type;
  // Of a response: the number that its request was sent with.
  int64_t number;
  uint8_t netfn, command;
  // Bytes of data: a completion code and what follows it, or an event.
  uint16_t count;
};

enum ipmi_receive_type {
  IPMI_RECEIVED_RESPONSE = IPMI_RESPONSE_RECV_TYPE,
  IPMI_RECEIVED_EVENT = IPMI_ASYNC_EVENT_RECV_TYPE,
};

// Sends a request to LUN 0 of the BMC.
static inline int32_t ipmi_send(
    int32_t file, int64_t number, uint8_t netfn, uint8_t command, const uint8_t *data,
    uint16_t count) {
  struct ipmi_system_interface_addr address = {
      .addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE, .channel = IPMI_BMC_CHANNEL};
  struct ipmi_req request = {
      .addr = (unsigned char *)&address,
      .addr_len = sizeof address,
      .msgid = number,
      .msg = {.netfn = netfn, .cmd = command, .data_len = count, .data = (unsigned char *)data}};
  return linux_control(file, IPMICTL_SEND_COMMAND, (uintptr_t)&request);
}

// Takes what has come, into `data`, which has room for `capacity` bytes; the rest is cut.
static inline int32_t ipmi_receive(
    int32_t file, struct ipmi_received *received, uint8_t *data, uint16_t capacity) {
  struct ipmi_addr address;
  struct ipmi_recv from_driver = {
      .addr = (unsigned char *)&address,
      .addr_len = sizeof address,
      .msg = {.data = data, .data_len = capacity}};
  int32_t result = linux_control(file, IPMICTL_RECEIVE_MSG_TRUNC, (uintptr_t)&from_driver);
  received->type = from_driver.recv_type;
  received->number = from_driver.msgid;
  received->netfn = from_driver.msg.netfn;
  received->command = from_driver.msg.cmd;
  received->count = from_driver.msg.data_len;
  return result;
}

// Has the driver give this program the events that the BMC reports.
static inline int32_t ipmi_take_events(int32_t file) {
  int wanted = 1;
  return linux_control(file, IPMICTL_SET_GETS_EVENTS_CMD, (uintptr_t)&wanted);
}
