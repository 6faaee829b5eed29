/** Why the server ends a socket. A client connects again after 1012, 4408, 4413 and 4429, and not after the others. */
export const closeCodes = {
  unsupportedData: 1003,
  restart: 1012,
  protocolError: 4400,
  noPong: 4408,
  tooSlow: 4413,
} as const;
