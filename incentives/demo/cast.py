"""Who and what the demo vendor's history is about: staff, partners, customers and products, all invented."""

from dataclasses import dataclass
from enum import Enum

from partners.directory.enums import PartnerStatus, PartnerType

R, F, M, D, N = (
    PartnerType.RESELLER,
    PartnerType.REFERRAL,
    PartnerType.MSP,
    PartnerType.DISTRIBUTOR,
    PartnerType.INTEGRATOR,
)

BENELUX, DACH, NORDICS, ISLES = "Benelux", "DACH", "Nordics", "UK & Ireland"


class Course(Enum):
    """How a partner's business has gone."""

    STEADY = "steady"
    GROWING = "growing"
    DECLINING = "declining"
    SEASONAL = "seasonal"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True)
class Staff:
    email: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Company:
    """A partner. `pace` is its deals a month in an ordinary month, `size` a typical deal in whole euros, `win` the
    share of its decided deals that it wins. `manager` counts the managers; None: nobody looks after it yet.

    `joined` is how many months ago it joined, for those that came in the course of the history.
    """

    name: str
    type: PartnerType
    region: str
    country: str
    manager: int | None
    course: Course
    pace: float
    size: int
    win: float
    people: tuple[str, ...]
    joined: int | None = None
    ends_as: PartnerStatus = PartnerStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer: `name`, where it is, what it does and how many work there."""

    name: str
    country: str
    industry: str
    employees: int


ADMIN = Staff("admin@demo.example", "Eleanor Hughes", "Head of partner programme")
MANAGERS = (
    Staff("manager@demo.example", "Marieke de Vries", "Channel manager Benelux"),
    Staff("tomas.lindgren@demo.example", "Tomas Lindgren", "Channel manager DACH and Nordics"),
    Staff("fiona.gallagher@demo.example", "Fiona Gallagher", "Channel manager UK & Ireland"),
)
# Companies that the vendor sells to itself.
DIRECT_ACCOUNTS = (
    (
        "Ministerie van Waterstaat en Wegen",
        "NL",
        "wegenenwaterstaat.example",
        "Framework contract, since 2021",
    ),
    ("Nordisk Finansgruppe A/S", "DK", "nordiskfinans.example", "Key account, group licence"),
    ("Kaiserwerke AG", "DE", "kaiserwerke.example", "Key account, served from Munich"),
    ("Royal Harbour Authority", "GB", "royalharbour.example", "Public tender, direct only"),
)
HERO = "Brightwater IT"
HERO_OWNER = Staff("partner@demo.example", "Sanne Bakker", "Managing director")

PRODUCTS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "Continuity": (
        ("Vault Backup", "NW-VB-100", 5_400),
        ("Vault Replicate", "NW-VR-200", 12_800),
        ("Vault Archive", "NW-VA-300", 3_900),
    ),
    "Security": (
        ("Sentry Firewall", "NW-SF-100", 8_600),
        ("Sentry Endpoint", "NW-SE-200", 6_200),
        ("Sentry Mail", "NW-SM-300", 2_700),
    ),
    "Connectivity": (
        ("Reach Switching", "NW-RS-100", 9_400),
        ("Reach Wireless", "NW-RW-200", 7_100),
        ("Reach SD-WAN", "NW-RX-300", 15_500),
    ),
    "Observability": (
        ("Lumen Monitor", "NW-LM-100", 4_800),
        ("Lumen Logs", "NW-LL-200", 6_900),
        ("Lumen Insight", "NW-LI-300", 11_200),
    ),
    "Services": (
        ("Onboarding Pack", "NW-PS-100", 1_900),
        ("Managed Migration", "NW-PS-200", 14_300),
        ("Premium Support", "NW-PS-300", 4_200),
    ),
}

# What the vendor keeps of a sale, by product family.
MARGINS = {
    "Continuity": 0.41,
    "Security": 0.36,
    "Connectivity": 0.29,
    "Observability": 0.44,
    "Services": 0.52,
}

STEADY, GROWING, DECLINING, SEASONAL, ASLEEP = Course

PARTNERS: tuple[Company, ...] = (
    # Benelux
    Company(
        HERO, R, BENELUX, "NL", 0, STEADY, 3.4, 9_000, 0.62, (HERO_OWNER.name, "Daan Visser", "Lotte Smit")
    ),
    Company(
        "Polder Networks",
        R,
        BENELUX,
        "NL",
        0,
        GROWING,
        6.5,
        11_500,
        0.66,
        ("Ruben Dekker", "Eva Mulder", "Jesse Bos"),
    ),
    Company("Maasland Systems", R, BENELUX, "NL", 0, STEADY, 2.6, 8_200, 0.58, ("Femke Jansen", "Thijs Kok")),
    Company(
        "Kempen Computing", R, BENELUX, "BE", 0, DECLINING, 3.2, 7_600, 0.49, ("Wout Peeters", "Lien Maes")
    ),
    Company(
        "Scheldt Solutions", R, BENELUX, "BE", 0, SEASONAL, 2.4, 9_800, 0.55, ("Jonas Claes", "Amber Wouters")
    ),
    Company("Veluwe Office IT", R, BENELUX, "NL", 0, ASLEEP, 0.3, 4_100, 0.4, ("Gerrit van Dam",)),
    Company(
        "Amstel Managed Services",
        M,
        BENELUX,
        "NL",
        0,
        STEADY,
        5.2,
        13_400,
        0.68,
        ("Noor Hendriks", "Bram Willems", "Fleur Meijer"),
    ),
    Company("Lowland Cloud", M, BENELUX, "NL", 0, GROWING, 3.1, 10_200, 0.61, ("Sven Brouwer", "Isa Vos")),
    Company("Ardenne IT Partners", M, BENELUX, "BE", 0, STEADY, 1.9, 8_800, 0.54, ("Camille Lambert",)),
    Company(
        "Noordzee Beheer",
        M,
        BENELUX,
        "NL",
        0,
        SEASONAL,
        1.7,
        7_300,
        0.52,
        ("Koen de Graaf", "Marit Schouten"),
    ),
    Company("Luxcore Managed IT", M, BENELUX, "LU", 0, STEADY, 1.2, 14_900, 0.57, ("Martine Weber",)),
    Company(
        "Hanze Distribution",
        D,
        BENELUX,
        "NL",
        0,
        GROWING,
        10.5,
        6_400,
        0.63,
        ("Anouk Prins", "Mark Timmermans"),
    ),
    Company("Van Dijk & Zonen Advies", F, BENELUX, "NL", 0, STEADY, 0.9, 6_700, 0.5, ("Pieter van Dijk",)),
    Company("Grachten Consulting", F, BENELUX, "NL", 0, ASLEEP, 0.25, 5_200, 0.35, ("Hugo Bosman",)),
    # DACH
    Company(
        "Rheinwerk Systemhaus",
        R,
        DACH,
        "DE",
        1,
        GROWING,
        6.1,
        14_200,
        0.65,
        ("Katharina Vogel", "Jan Schröder", "Lea Krüger"),
    ),
    Company("Alster Computer", R, DACH, "DE", 1, STEADY, 3.0, 9_100, 0.56, ("Henrik Petersen", "Mia Lorenz")),
    Company("Isartal IT", R, DACH, "DE", 1, GROWING, 2.3, 8_700, 0.6, ("Sophie Huber", "Felix Bauer")),
    Company(
        "Donau Systeme", R, DACH, "AT", 1, DECLINING, 2.7, 8_300, 0.47, ("Matthias Gruber", "Anna Steiner")
    ),
    Company("Zürisee Informatik", R, DACH, "CH", 1, STEADY, 2.1, 16_300, 0.59, ("Reto Keller", "Nina Frei")),
    Company(
        "Nordlicht Netzwerke",
        R,
        DACH,
        "DE",
        1,
        DECLINING,
        1.8,
        6_900,
        0.44,
        ("Uwe Brandt",),
        ends_as=PartnerStatus.SUSPENDED,
    ),
    Company(
        "Wolkenstein Managed Services",
        M,
        DACH,
        "DE",
        1,
        GROWING,
        3.4,
        12_100,
        0.63,
        ("Clara Neumann", "Tim Hartmann"),
    ),
    Company("Elbtal Cloud", M, DACH, "DE", 1, STEADY, 2.0, 9_600, 0.55, ("Johanna Winkler",)),
    Company(
        "Brenner Distribution",
        D,
        DACH,
        "AT",
        1,
        STEADY,
        8.2,
        5_900,
        0.6,
        ("Lukas Moser", "Elisabeth Pichler"),
    ),
    Company(
        "Schwarzwald Integration",
        N,
        DACH,
        "DE",
        1,
        STEADY,
        2.2,
        24_500,
        0.57,
        ("Dirk Zimmermann", "Paula Haas"),
    ),
    Company("Bergblick Beratung", F, DACH, "CH", 1, SEASONAL, 0.7, 9_200, 0.48, ("Urs Baumann",)),
    # Nordics
    Company("Fjordnet", R, NORDICS, "NO", 1, STEADY, 2.8, 10_400, 0.6, ("Ingrid Haugen", "Ola Berge")),
    Company(
        "Skagen Data", R, NORDICS, "DK", 1, GROWING, 2.5, 8_900, 0.58, ("Mette Kristensen", "Rasmus Holm")
    ),
    Company("Mälaren IT", R, NORDICS, "SE", 1, SEASONAL, 2.3, 9_300, 0.54, ("Erik Sandström", "Maja Nyberg")),
    Company("Polarcirkel Cloud", M, NORDICS, "SE", 1, GROWING, 2.4, 7_800, 0.52, ("Linnea Öberg",), joined=7),
    Company(
        "Öresund Integration",
        N,
        NORDICS,
        "DK",
        1,
        STEADY,
        3.6,
        28_700,
        0.64,
        ("Søren Mikkelsen", "Freja Lund", "Emil Dahl"),
    ),
    Company("Lakeland Systems", N, NORDICS, "FI", 1, STEADY, 1.5, 21_600, 0.53, ("Aino Korhonen",)),
    Company(
        "Sund Distribution", D, NORDICS, "DK", 1, SEASONAL, 7.1, 5_600, 0.58, ("Pernille Bech", "Jonas Friis")
    ),
    Company("Birch & Spruce Advisory", F, NORDICS, "SE", 1, STEADY, 0.6, 7_400, 0.46, ("Karin Ekman",)),
    # UK and Ireland
    Company(
        "Thornbury Technology",
        R,
        ISLES,
        "GB",
        2,
        SEASONAL,
        6.0,
        12_600,
        0.64,
        ("Oliver Marsh", "Priya Nair", "Hannah Cole"),
    ),
    Company(
        "Pennine Networks", R, ISLES, "GB", 2, DECLINING, 3.3, 8_000, 0.48, ("Gareth Booth", "Jenny Ackroyd")
    ),
    Company("Liffey Digital", R, ISLES, "IE", 2, GROWING, 2.7, 9_700, 0.61, ("Aoife Brennan", "Conor Walsh")),
    Company("Tweed IT", R, ISLES, "GB", 2, STEADY, 1.4, 6_600, 0.5, ("Callum Fraser",), joined=14),
    Company(
        "Cairngorm Managed IT", M, ISLES, "GB", 2, STEADY, 2.6, 11_300, 0.59, ("Isla Munro", "Ewan Reid")
    ),
    Company(
        "Severn Cloud Services", M, ISLES, "GB", 2, DECLINING, 2.1, 9_900, 0.5, ("Megan Pryce", "Rhys Howell")
    ),
    Company("Harbour & Vale", M, ISLES, "GB", 2, GROWING, 2.0, 8_400, 0.54, ("Tessa Lane",), joined=5),
    Company("Lagan Systems", N, ISLES, "GB", 2, STEADY, 1.9, 23_200, 0.56, ("Niall McKee", "Orla Quinn")),
    Company(
        "Kestrel Integration", N, ISLES, "GB", 2, GROWING, 1.6, 19_800, 0.51, ("Amelia Thorne",), joined=10
    ),
    Company(
        "Wold Distribution", D, ISLES, "GB", 2, STEADY, 7.6, 6_100, 0.59, ("Simon Garrick", "Lucy Fairfax")
    ),
    Company("Blackthorn Advisory", F, ISLES, "GB", 2, ASLEEP, 0.3, 8_100, 0.4, ("Rosalind Pike",)),
    Company(
        "Curlew Business IT",
        R,
        ISLES,
        "IE",
        2,
        STEADY,
        0.0,
        7_000,
        0.5,
        ("Declan Hayes",),
        joined=1,
        ends_as=PartnerStatus.ONBOARDING,
    ),
)

_BUYERS = """
NL Albers Kistemaker Bouw|Construction|340; Bakkerij Zonneveld|Food|120; Blauwe Berg Verzekeringen|Insurance|1450
NL Coöperatie Zuiderkaas|Food|880; De Linden Zorggroep|Health care|2600; Delta Baggerwerken|Construction|710
NL Eemhaven Logistiek|Logistics|1320; Fietsfabriek Oostland|Manufacturing|260; Gemeente Waterrijk|Public sector|1900
NL Haringvliet Energie|Energy|640; IJsselstroom Techniek|Manufacturing|430; Kaasmakerij Wessels|Food|90
NL Kwekerij Bloemendaal|Agriculture|150; Lage Landen Pensioen|Finance|560; Meubelhuis Van Leeuwen|Retail|380
NL Notariaat Singel|Legal|75; Oosterpoort Media|Media|210; Rijnmond Chemie|Chemicals|1150
NL Scholengroep Parkstad|Education|1700; Stadsvervoer Haarlemmermeer|Transport|940; Tulp Hotels|Hospitality|620
NL Veenkamp Zaden|Agriculture|310; Zilver & Zand Juweliers|Retail|65; Zeeuwse Schelpdieren|Food|140
NL Woonstichting De Brug|Housing|290; Advocatenkantoor Merel|Legal|110; Drukkerij Snelpers|Media|85
BE Brouwerij Ter Dolen|Food|230; Carrières du Condroz|Construction|180; Gentse Textielwerken|Manufacturing|520
BE Hôpital Saint-Rémy|Health care|1850; Kanaal Logistics|Logistics|760; Notaires Dumont|Legal|40
BE Pralinerie Vandaele|Food|95; Universiteit Leiebrug|Education|2900; Waalse Staalgroep|Manufacturing|1300
LU Banque du Grund|Finance|820; Moselle Fiduciaire|Finance|130; Sûre Cargo Handling|Logistics|450
DE Ahrens Maschinenbau|Manufacturing|1250; Bäckerei Sonnenschein|Food|410; Blaustern Apotheken|Health care|330
DE Dombrowski Spedition|Logistics|890; Edelstahl Siegen|Manufacturing|1600; Fichtelberg Kliniken|Health care|3100
DE Gärtnerei Morgentau|Agriculture|70; Goldammer Versicherung|Insurance|2200; Hafenkontor Bremen|Logistics|540
DE Hochschule Mittelrhein|Education|1400; Isenburg Pharma|Pharmaceuticals|980; Jäger Werkzeuge|Manufacturing|270
DE Kanzlei Ritter Sommer|Legal|60; Kupferhof Elektro|Retail|480; Landkreis Tannheim|Public sector|1150
DE Möbelwerke Osnatal|Manufacturing|690; Münster Stadtwerke Netz|Energy|830; Nordsee Fischerei|Food|350
DE Pfeiffer Optik|Retail|220; Quelltal Brunnen|Food|310; Rothenburg Verlag|Media|190
DE Saale Glaswerke|Manufacturing|460; Taunus Wohnbau|Housing|380; Weinhaus Lindenau|Food|55
AT Alpenmilch Tirol|Food|640; Bergbahnen Hochkar|Hospitality|280; Donaukraft Netz|Energy|1050
AT Salzkammer Hotels|Hospitality|510; Steirische Forstwirtschaft|Agriculture|190; Wiener Handwerksbank|Finance|720
CH Bodensee Uhren|Manufacturing|240; Genfer Privatbank Morel|Finance|390; Rätia Bahnen|Transport|1180
CH Säntis Versicherungen|Insurance|870; Tessin Seguros|Insurance|160; Zuger Rohstoff|Wholesale|130
NO Bergen Havbruk|Food|410; Fjellkraft Energi|Energy|590; Lofoten Reiser|Hospitality|120
NO Nordkapp Shipping|Logistics|730; Oslofjord Eiendom|Housing|200; Trondheim Sykehus|Health care|2700
DK Aalborg Cement|Construction|680; Frederiksdal Kommune|Public sector|1500; Kattegat Vind|Energy|370
DK Jysk Andelsmejeri|Food|920; Møllegaard Møbler|Manufacturing|260; Odense Robotik|Manufacturing|180
DK Sjælland Forsikring|Insurance|640; Vesterbro Arkitekter|Construction|80; Ærø Færger|Transport|230
SE Bergslagen Stål|Manufacturing|1700; Dalarna Trä|Manufacturing|350; Göta Bokhandel|Retail|290
SE Kalmar Glasbruk|Manufacturing|170; Mälardalens Högskola Press|Education|140; Norrland Skog|Agriculture|810
SE Region Sörmland Vård|Health care|3300; Skånska Lantmännen|Agriculture|560; Vättern Bank|Finance|470
FI Järvi Energia|Energy|420; Karelia Paperi|Manufacturing|1250; Saimaa Logistiikka|Logistics|330
FI Tampere Opetus|Education|900; Turku Telakka|Manufacturing|1400
GB Ashdown Breweries|Food|310; Bexley & Crane Solicitors|Legal|95; Calder Valley Schools Trust|Education|1300
GB Dunmore Shipping|Logistics|840; Eastmere Borough Council|Public sector|2100; Foxglove Cosmetics|Retail|270
GB Granite City Energy|Energy|1150; Hollins Steel|Manufacturing|960; Imperial Tea Company|Food|420
GB Juniper Hotels|Hospitality|780; Kingsway Insurance|Insurance|1900; Longford Timber|Construction|160
GB Merrow Hospital Trust|Health care|3600; Northgate Print|Media|130; Oakhanger Farms|Agriculture|210
GB Pembroke Building Society|Finance|650; Quayside Housing|Housing|340; Redcliffe Aerospace|Manufacturing|1450
GB Stourbridge Glass|Manufacturing|190; Tamar Ferries|Transport|280; Wyvern Railways|Transport|2400
IE Atlantic Dairy Co-operative|Food|730; Ballycastle Wind|Energy|150; Connemara Textiles|Manufacturing|240
IE Dublin Dockside Credit Union|Finance|320; Munster General Hospital|Health care|2200; Shannon Freight|Logistics|490
"""


def buyers() -> list[Buyer]:
    """The customers, in the order of the list above."""
    found = []
    for line in _BUYERS.strip().splitlines():
        country, rest = line[:2], line[3:]
        for entry in rest.split(";"):
            name, industry, employees = entry.strip().split("|")
            found.append(Buyer(name, country, industry, int(employees)))
    return found


REGION_OF = {
    "NL": BENELUX, "BE": BENELUX, "LU": BENELUX,
    "DE": DACH, "AT": DACH, "CH": DACH,
    "NO": NORDICS, "DK": NORDICS, "SE": NORDICS, "FI": NORDICS,
    "GB": ISLES, "IE": ISLES,
}  # fmt: skip

COMPETITORS = ("Halcyon Data", "Corvid Networks", "Pinecone Systems", "Tessera Cloud", "")
LOSS_REASONS = (
    "Price",
    "Product did not fit",
    "Competitor preferred",
    "No budget",
    "No decision",
    "Timing",
)
RETURN_REASONS = (
    "Please name the person at the customer who decides.",
    "Which of our products is it about? The title and the product differ.",
    "The expected amount looks like a list price; please give what the customer is to pay.",
    "Please give a closing date that the customer has confirmed.",
)
REJECT_REASONS = (
    "We are in talks with this customer ourselves.",
    "This is a renewal; renewals are not registered.",
    "There is no project behind this registration yet.",
    "The customer has asked for another partner.",
)
HELD_REASON = "This customer is protected for another registration."
CANCEL_REASONS = ("The customer has been taken over.", "There has been no contact for two months.")
OCCASIONS = (
    "new site", "renewal of hardware", "extension", "pilot", "replacement", "migration", "headquarters", "branch offices",
    "data centre", "audit findings", "merger", "remote work",
)  # fmt: skip
