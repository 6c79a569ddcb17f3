/** The rules for what stands in strings of any language: addresses and command lines. */
import type { Rule } from '../rule.ts';

interface Place {
  /** What stands before the slash in the ids. */
  readonly prefix: string;
  /** The nodes of the grammar that hold the text of a string. */
  readonly nodes: readonly string[];
  /** A program with this string in it. */
  literal(text: string): string;
  /** Rules of these names are written for the language itself. */
  readonly without?: readonly string[];
}

/** A string is searched for with a regular expression of JavaScript. */
interface TextRule extends Omit<Rule, 'query'> {
  readonly pattern: string;
}

const texts: readonly TextRule[] = [
  {
    id: 'metadata-service', category: 'metadata', severity: 'warning', cwe: 918,
    message: 'This is the address of the metadata service of a cloud, which hands out credentials of the machine. Give the program the credentials that it needs.',
    pattern: String.raw`(^|[^0-9.])169\\.254\\.169\\.254([^0-9]|$)|(^|[^0-9.])169\\.254\\.170\\.2([^0-9]|$)|metadata\\.google\\.internal|\\[fd00:ec2::254\\]`,
    found: ['http://169.254.169.254/latest/meta-data/', 'http://metadata.google.internal/computeMetadata/v1/'],
    clean: ['http://169.254.1.1/', '1169.254.169.2540', 'https://example.com/metadata'],
  },
  {
    id: 'mining-pool', category: 'mining', severity: 'error', cwe: 506,
    message: 'This is the address of a pool in which cryptocurrency is mined.',
    pattern: String.raw`stratum[0-9]?\\+(tcp|ssl|tls)://|(^|[/.@])(minexmr|supportxmr|nanopool|moneroocean|hashvault|2miners|f2pool)\\.(com|org|pro|stream)(:|/|$)`,
    found: ['stratum+tcp://pool.example:3333', 'xmr.nanopool.org:14444'],
    clean: ['https://stratum.example.com/', 'tcp://pool.example:3333'],
  },
  {
    id: 'remote-script', category: 'obfuscation', severity: 'warning', cwe: 494,
    message: 'A script is downloaded and run unseen. Save it, compare its digest, and run it then.',
    pattern: String.raw`(^|[;&| ])(curl|wget) [^|;]*\\| *(sudo )?(/bin/)?(ba|da|z)?sh( |$)`,
    found: ['curl -s https://example.com/i.sh | sh', 'wget -qO- https://example.com/i.sh | sudo bash -s'],
    clean: ['curl -s https://example.com/ | grep x', 'curl https://example.com/a.sh > a.sh'],
  },
];

/** A program that calls `curl` says so in one string. */
export function textRules({ prefix, nodes, literal, without = [] }: Place): Rule[] {
  return texts.filter(({ id }) => !without.includes(id)).map(({ id, pattern, found, clean, ...rule }) => ({
    ...rule,
    id: `${prefix}/${id}`,
    query: nodes.map((node) => `((${node}) @at (#match? @at "${pattern}"))`).join('\n'),
    found: found.map(literal),
    clean: clean.map(literal),
  }));
}

/** The beginnings of statements of SQL, for regular expressions in queries. */
export const SQL = '(SELECT|INSERT INTO|UPDATE|DELETE FROM|DROP TABLE|select|insert into|update|delete from|drop table) ';
