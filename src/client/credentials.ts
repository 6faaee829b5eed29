/** A token, or where to get one: asked before each attempt, so that it can be renewed. */
export type Token = string | (() => string | Promise<string>);

/** The token to use now; undefined for an open service. */
export async function currentToken(token: Token | undefined): Promise<string | undefined> {
  return typeof token === 'function' ? await token() : token;
}

/** Whether trying again with new credentials makes sense. */
export function isRenewable(token: Token | undefined): boolean {
  return typeof token === 'function';
}
