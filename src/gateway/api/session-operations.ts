/** Login and logout. */
import { loginSchema } from '../../contract/api.js';
import { operation } from './operation.js';

export const sessionOperations = [
  operation({
    id: 'logIn',
    method: 'POST',
    path: '/session',
    summary: 'Log in with the operator’s password, for twelve hours',
    description: 'The reply sets a cookie. Scripts send a token instead: `Authorization: Bearer …`.',
    right: 'anybody',
    body: loginSchema,
    reply: null,
    problems: [401, 403, 409, 429, 503],
    examples: { body: { password: 'correct horse battery staple' } },
    run: async ({ context, client, body, reply }) => {
      void reply.header('set-cookie', await context.access.logIn(client, body.password));
      context.log(`Operator: logged in from ${client.address}`);
      return undefined;
    },
  }),
  operation({
    id: 'logOut',
    method: 'DELETE',
    path: '/session',
    summary: 'Log out',
    right: 'anybody',
    reply: null,
    problems: [403],
    run: ({ context, client, reply }) => {
      void reply.header('set-cookie', context.access.logOut(client));
      return undefined;
    },
  }),
];
