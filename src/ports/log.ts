/** The service's log. Values go beside the message, never into it: they may come from outside. */
export interface Log {
  info(values: Record<string, unknown>, message: string): void;
  warn(values: Record<string, unknown>, message: string): void;
  error(values: Record<string, unknown>, message: string): void;
}
