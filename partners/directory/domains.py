"""Which part of a host name a company has registered, by the Public Suffix List (https://publicsuffix.org).

The list comes with the passkey library (fido2), and is read whole: with its wildcards, its exceptions, and the
private part, so that two shops at one shop builder are two companies.
"""

from functools import lru_cache
from importlib.resources import files

from partners.directory.names import normalise_domain

# Where people have their mail without being the company: such a domain says nothing about who they are.
_MAIL = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com icloud.com me.com
mac.com aol.com aim.com proton.me protonmail.com pm.me mail.com email.com gmx.com gmx.net gmx.de gmx.at gmx.ch web.de
t-online.de freenet.de arcor.de online.de posteo.de mailbox.org tutanota.com tuta.io zoho.com zohomail.com fastmail.com
fastmail.fm hey.com hushmail.com inbox.com yandex.ru yandex.com ya.ru mail.ru bk.ru list.ru inbox.ru rambler.ru
ukr.net i.ua wp.pl o2.pl onet.pl interia.pl op.pl gazeta.pl seznam.cz email.cz centrum.cz post.cz azet.sk zoznam.sk
freemail.hu citromail.hu abv.bg mail.bg libero.it virgilio.it alice.it tiscali.it tin.it hotmail.it yahoo.it
orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr hotmail.fr live.fr yahoo.fr outlook.fr
ziggo.nl kpnmail.nl planet.nl hetnet.nl xs4all.nl home.nl casema.nl upcmail.nl live.nl hotmail.nl telfort.nl zonnet.nl
telenet.be skynet.be proximus.be scarlet.be live.be hotmail.be bluewin.ch hispeed.ch sunrise.ch chello.at aon.at a1.net
bigpond.com optusnet.com.au iinet.net.au yahoo.com.au btinternet.com hotmail.co.uk live.co.uk yahoo.co.uk outlook.co.uk
sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk comcast.net verizon.net att.net sbcglobal.net
bellsouth.net cox.net charter.net earthlink.net rogers.com shaw.ca sympatico.ca telus.net
uol.com.br bol.com.br terra.com.br ig.com.br yahoo.com.br hotmail.com.br hotmail.es yahoo.es telefonica.net
yahoo.de hotmail.de live.de outlook.de yahoo.co.in rediffmail.com yahoo.co.jp docomo.ne.jp ezweb.ne.jp softbank.ne.jp
nifty.com naver.com hanmail.net daum.net qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com
aliyun.com telia.com online.no hotmail.se live.se hotmail.dk mail.dk jubii.dk suomi24.fi luukku.com mynet.com
walla.co.il walla.com netvision.net.il otenet.gr sapo.pt clix.pt mailinator.com
"""
PUBLIC_MAIL = frozenset(_MAIL.split())


def registrable_domain(text: str) -> str:
    """The domain that a company registered, of a web or e-mail address: `shop.acme.co.uk` gives `acme.co.uk`.

    "" where there is none: no address, or a public suffix itself.
    """
    host = normalise_domain(text)
    if not host:
        return ""
    labels = host.split(".")
    suffix = _suffix_length(labels)
    return ".".join(labels[-suffix - 1 :]) if len(labels) > suffix else ""


@lru_cache(maxsize=10_000)
def company_domain(text: str) -> str:
    """The registrable domain where it can tell a company: "" for those where anybody has a mailbox."""
    domain = registrable_domain(text)
    return "" if domain in PUBLIC_MAIL else domain


def brand(domain: str) -> str:
    """The name in a registrable domain: `acme` of `acme.co.uk`."""
    return domain.partition(".")[0]


def _suffix_length(labels: list[str]) -> int:
    """How many labels the longest rule takes that fits; one where none does."""
    plain, wildcards, exceptions = _rules()
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        if name in exceptions:
            return len(labels) - start - 1
        if name in plain or ".".join(labels[start + 1 :]) in wildcards:
            return len(labels) - start
    return 1


@lru_cache(maxsize=1)
def _rules() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Plain suffixes, parents of wildcards, and exceptions, in the form in which hosts are compared."""
    plain, wildcards, exceptions = set(), set(), set()
    text = files("fido2").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    for line in text.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("//"):
            continue
        if rule.startswith("!"):
            exceptions.add(_ascii(rule[1:]))
        elif rule.startswith("*."):
            wildcards.add(_ascii(rule[2:]))
        else:
            plain.add(_ascii(rule))
    return frozenset(plain), frozenset(wildcards), frozenset(exceptions)


def _ascii(name: str) -> str:
    return name if name.isascii() else name.encode("idna").decode("ascii")
