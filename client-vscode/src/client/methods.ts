/** The names and parameters of the protocol's methods, as types only: none of the daemon's schemas are loaded into the editor. */
import type { AnyMethod, ParamsOf, ResultOf } from 'codebeaker/protocol';

type MethodNamed<Name> = Extract<AnyMethod, { name: Name }>;

export type RequestName = Extract<AnyMethod, { kind: 'request'; from: 'client' }>['name'];
export type NotificationName = Extract<AnyMethod, { kind: 'notification'; from: 'client' }>['name'];
export type ServerNotificationName = Extract<AnyMethod, { kind: 'notification'; from: 'server' }>['name'];
export type ServerRequestName = Extract<AnyMethod, { kind: 'request'; from: 'server' }>['name'];

export type Params<Name> = ParamsOf<MethodNamed<Name>>;
export type Result<Name> = ResultOf<MethodNamed<Name>>;
