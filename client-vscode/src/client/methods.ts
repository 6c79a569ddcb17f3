/** The protocol's methods by name, as types alone: nothing of the daemon's schemas is loaded into the editor. */
import type { AnyMethod, ParamsOf, ResultOf } from 'codebeaker/protocol';

type Row<Name> = Extract<AnyMethod, { name: Name }>;

export type RequestName = Extract<AnyMethod, { kind: 'request'; from: 'client' }>['name'];
export type NotificationName = Extract<AnyMethod, { kind: 'notification'; from: 'client' }>['name'];
export type TellingName = Extract<AnyMethod, { from: 'server' }>['name'];

export type Params<Name> = ParamsOf<Row<Name>>;
export type Result<Name> = ResultOf<Row<Name>>;
