"""Words in companies' names: what they are short for, and which of them tell one company from another."""

import re

# Written short and long; also plurals and spellings that people take for the same.
_SHORT = {
    "international": "intl int internat internacional internationale internazionale",
    "manufacturing": "mfg manuf",
    "services": "svcs svc serv service servicios servizi",
    "technologies": "tech technology techno technologie tecnologia tecnologias",
    "systems": "sys system systemen systeme systemes sistemas sistemi",
    "solutions": "sol solution soluciones soluzioni",
    "associates": "assoc assocs associate",
    "association": "assn",
    "brothers": "bros gebr gebroeders gebruder",
    "company": "compagnie compania compagnia",
    "engineering": "eng engr ingenieurs",
    "management": "mgmt mgt",
    "development": "dev",
    "distribution": "distr distributors",
    "department": "dept",
    "university": "univ universiteit universitat universite universidad",
    "institute": "inst institut instituto",
    "hospital": "hosp ziekenhuis krankenhaus hopital",
    "laboratories": "labs lab laboratory",
    "industries": "ind industry industrie",
    "products": "prod prods product",
    "communications": "comm comms communication",
    "telecommunications": "telecom telecoms telco",
    "transport": "trans transportation transports",
    "logistics": "logistic logistik logistiek logistique",
    "pharmaceuticals": "pharma pharmaceutical",
    "insurance": "ins insurances verzekeringen versicherung versicherungen assurances",
    "financial": "fin finance",
    "investments": "invest investment",
    "properties": "prop property",
    "electronics": "electronic elec elektronik elektronica",
    "electric": "elect electrical elektro",
    "automotive": "auto",
    "consulting": "consult consultants consultancy consultant",
    "marketing": "mktg",
    "center": "centre ctr centrum zentrum",
    "group": "grp groep gruppe groupe grupo gruppo",
    "holding": "holdings hldg hldgs",
    "national": "natl nacional nationale",
    "saint": "st",
    "and": "und et en y e",
    "brewery": "brouwerij brauerei brasserie",
    "bank": "banque banco banca bco",
    "works": "werke",
}
_LONG = {short: word for word, shorts in _SHORT.items() for short in shorts.split()}

# Left out of a comparison: they are put before and after names as people please.
PARTICLES = frozenset(
    """the of and und et en y e de der die das den des du d la le les l el los las il lo van von voor for in a an am
    het ter ten te zu""".split()
)
# With them, legal words that stand inside a name.
NOISE = PARTICLES | frozenset(
    """group holding company co royal koninklijke kon haftungsbeschrankt gesmbh mbh ges san sanayi tic ticaret ve
    societe""".split()
)
COUNTRIES = {
    "NL": "nederland netherlands holland nl dutch benelux",
    "BE": "belgie belgium belgique belgien be benelux",
    "LU": "luxembourg luxemburg benelux",
    "DE": "deutschland germany german allemagne de deutsche",
    "AT": "osterreich austria",
    "CH": "schweiz switzerland suisse svizzera swiss",
    "FR": "france french francaise fr",
    "IT": "italia italy italiana",
    "ES": "espana spain iberia espanola",
    "PT": "portugal iberia",
    "GB": "uk gb britain british england",
    "IE": "ireland",
    "US": "usa us america american americas",
    "CA": "canada canadian",
    "AU": "australia",
    "JP": "japan nippon",
    "IN": "india",
    "CN": "china",
    "PL": "polska poland",
    "CZ": "czech cesko",
    "SE": "sverige sweden nordic nordics",
    "NO": "norge norway nordic nordics",
    "DK": "danmark denmark nordic nordics",
    "FI": "suomi finland nordic nordics",
    "BR": "brasil brazil",
    "MX": "mexico",
    "TR": "turkiye turkey",
    "SG": "singapore",
}
_COUNTRY_OF: dict[str, frozenset[str]] = {}
for _code, _names in COUNTRIES.items():
    for _name in _names.split():
        _COUNTRY_OF[_name] = _COUNTRY_OF.get(_name, frozenset()) | {_code}

# What many companies are called after their trade; each says little, though "Contoso Bank" is not "Contoso Energy".
TRADE = frozenset(
    """international services technologies systems solutions associates association brothers engineering management
    development distribution university institute hospital laboratories industries products communications
    telecommunications transport logistics pharmaceuticals insurance financial investments properties electronics
    electric automotive consulting marketing center national bank energy power media digital software data network
    networks global europe european world united general standard first capital partners trading trade retail foods
    food health healthcare medical care construction building design studio security cloud online web it ict computer
    computers consultancy supply supplies equipment machinery metal steel plastics paper packaging furniture hotel
    hotels travel school college foundation city house home green blue red north south east west new works shop store
    stores market express air sea water oil gas solar wind brewery
    gemeente stadtwerke mairie provincie province sparkasse volksbank stadt ville commune council county port
    hogeschool stichting vereniging restaurant cafe garage autohaus notaris apotheek apotheke klinikum kliniek
    clinic radio club praktijk waterschap""".split()
)
_WORD = re.compile(r"\w+")


def words_of(normalised_name: str) -> list[str]:
    """The words of a normalised name, written in full."""
    return [_LONG.get(word, word) for word in _WORD.findall(normalised_name)]


def telling_words(normalised_name: str, country: str = "", *, full: bool = True) -> list[str]:
    """Without noise, and without the name of the company's own country; all of them where none would be left.

    In `full`, or as they are written.
    """
    words = words_of(normalised_name) if full else _WORD.findall(normalised_name)
    telling = [word for word in words if word not in NOISE and country not in countries_named(word)]
    return telling or words


def countries_named(word: str) -> frozenset[str]:
    """The countries that a word of a name speaks of."""
    return _COUNTRY_OF.get(word, frozenset())
