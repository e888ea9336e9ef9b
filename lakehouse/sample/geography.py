"""The places the made-up shop sells to: real cities, with a state, country, market and region each.

In: the list below. Out: one `City` a place, the postal code '' where the feed would leave it empty.
Guaranteed: (country, state, city) is unique; some postal codes begin with a zero; some names are not ASCII.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class City:
    """A place an order is shipped to; `code` is the two letters its order ids begin with."""

    code: str
    country: str
    market: str
    region: str
    name: str
    state: str
    postal_code: str


# code|country|market|region, then its cities: name/state, or name/state/postal code
_PLACES = """
US|United States|US|East
  New York City/New York/10009;Buffalo/New York/14201;Philadelphia/Pennsylvania/19104
  Boston/Massachusetts/02108
  Springfield/Massachusetts/01103;Providence/Rhode Island/02903;Hartford/Connecticut/06103
  Portland/Maine/04101;Manchester/New Hampshire/03101;Newark/New Jersey/07102;Columbus/Ohio/43201
  Cleveland/Ohio/44105;Baltimore/Maryland/21201;Burlington/Vermont/05401
US|United States|US|West
  Los Angeles/California/90004;San Francisco/California/94109;San Diego/California/92024
  Seattle/Washington/98103
  Spokane/Washington/99201;Portland/Oregon/97206;Salem/Oregon/97301;Denver/Colorado/80202
  Phoenix/Arizona/85023
  Tucson/Arizona/85701;Las Vegas/Nevada/89101;Salt Lake City/Utah/84101;Boise/Idaho/83702
US|United States|US|Central
  Chicago/Illinois/60610;Springfield/Illinois/62701;Houston/Texas/77041;Dallas/Texas/75217;Austin/Texas/78701
  El Paso/Texas/79901;Detroit/Michigan/48205;Minneapolis/Minnesota/55407;Milwaukee/Wisconsin/53202
  Indianapolis/Indiana/46203;Omaha/Nebraska/68102;Tulsa/Oklahoma/74103;Des Moines/Iowa/50309
US|United States|US|South
  Miami/Florida/33101;Jacksonville/Florida/32201;Atlanta/Georgia/30303;Columbus/Georgia/31901
  Charlotte/North Carolina/28202;Nashville/Tennessee/37203;Memphis/Tennessee/38103;New Orleans/Louisiana/70112
  Richmond/Virginia/23219;Louisville/Kentucky/40202;Birmingham/Alabama/35203
CA|Canada|Canada|Canada
  Toronto/Ontario;Ottawa/Ontario;London/Ontario;Montréal/Quebec;Québec/Quebec;Trois-Rivières/Quebec
  Vancouver/British Columbia;Calgary/Alberta;Edmonton/Alberta;Winnipeg/Manitoba;Halifax/Nova Scotia
MX|Mexico|LATAM|North
  Mexico City/Distrito Federal;Guadalajara/Jalisco;Monterrey/Nuevo León;Mérida/Yucatán;Cancún/Quintana Roo
  Puebla/Puebla;León/Guanajuato;Querétaro/Querétaro;Tijuana/Baja California;Oaxaca/Oaxaca;Torreón/Coahuila
BR|Brazil|LATAM|South
  São Paulo/São Paulo;Campinas/São Paulo;Rio de Janeiro/Rio de Janeiro;Niterói/Rio de Janeiro
  Brasília/Distrito Federal
  Belém/Pará;Curitiba/Paraná;Florianópolis/Santa Catarina;Goiânia/Goiás;Salvador/Bahia;Manaus/Amazonas
AR|Argentina|LATAM|South
  Buenos Aires/Buenos Aires;Córdoba/Córdoba;Rosario/Santa Fe;Mendoza/Mendoza;San Miguel de Tucumán/Tucumán
CL|Chile|LATAM|South
  Santiago/Santiago;Valparaíso/Valparaíso;Concepción/Biobío
CO|Colombia|LATAM|South
  Bogotá/Bogotá;Medellín/Antioquia;Cali/Valle del Cauca;Barranquilla/Atlántico
PE|Peru|LATAM|South
  Lima/Lima;Arequipa/Arequipa;Cusco/Cusco
GT|Guatemala|LATAM|Central
  Guatemala City/Guatemala;Quetzaltenango/Quetzaltenango
CR|Costa Rica|LATAM|Central
  San José/San José;Limón/Limón
PA|Panama|LATAM|Central
  Panama City/Panamá;Colón/Colón
SV|El Salvador|LATAM|Central
  San Salvador/San Salvador;Santa Ana/Santa Ana
CU|Cuba|LATAM|Caribbean
  Havana/La Habana;Santiago de Cuba/Santiago de Cuba;Camagüey/Camagüey
DO|Dominican Republic|LATAM|Caribbean
  Santo Domingo/Santo Domingo;Santiago/Santiago
JM|Jamaica|LATAM|Caribbean
  Kingston/Kingston;Montego Bay/Saint James
GB|United Kingdom|EU|North
  London/England;Manchester/England;Birmingham/England;Leeds/England;Bristol/England;Edinburgh/Scotland
  Glasgow/Scotland;Cardiff/Wales;Belfast/Northern Ireland
IE|Ireland|EU|North
  Dublin/Dublin;Cork/Cork;Dún Laoghaire/Dublin
SE|Sweden|EU|North
  Stockholm/Stockholm;Göteborg/Västra Götaland;Malmö/Skåne;Umeå/Västerbotten
NO|Norway|EU|North
  Oslo/Oslo;Bergen/Hordaland;Tromsø/Troms;Ålesund/Møre og Romsdal
DK|Denmark|EU|North
  København/Hovedstaden;Århus/Midtjylland;Odense/Syddanmark
FI|Finland|EU|North
  Helsinki/Uusimaa;Tampere/Pirkanmaa;Jyväskylä/Keski-Suomi
DE|Germany|EU|Central
  Berlin/Berlin/10115;Hamburg/Hamburg/20095;München/Bayern/80331;Nürnberg/Bayern/90402
  Köln/Nordrhein-Westfalen/50667
  Düsseldorf/Nordrhein-Westfalen/40210;Dresden/Sachsen/01067;Leipzig/Sachsen/04109;Erfurt/Thüringen/99084
  Halle (Saale)/Sachsen-Anhalt/06108;Stuttgart/Baden-Württemberg/70173
FR|France|EU|Central
  Paris/Île-de-France/75001;Lyon/Auvergne-Rhône-Alpes/69001;Nice/Provence-Alpes-Côte d'Azur/06000
  Marseille/Provence-Alpes-Côte d'Azur/13001;Bourg-en-Bresse/Auvergne-Rhône-Alpes/01000
  Lille/Hauts-de-France/59000
  Saint-Étienne/Auvergne-Rhône-Alpes/42000;Nîmes/Occitanie/30000;Orléans/Centre-Val de Loire/45000
AT|Austria|EU|Central
  Wien/Wien;Graz/Steiermark;Linz/Oberösterreich;Salzburg/Salzburg;Innsbruck/Tirol;Klagenfurt/Kärnten
CH|Switzerland|EU|Central
  Zürich/Zürich;Genève/Genève;Basel/Basel-Stadt;Bern/Bern;Lausanne/Vaud
NL|Netherlands|EU|Central
  Amsterdam/Noord-Holland;Rotterdam/Zuid-Holland;Utrecht/Utrecht;Eindhoven/Noord-Brabant
BE|Belgium|EU|Central
  Brussels/Brussels;Antwerp/Antwerp;Liège/Liège
IT|Italy|EU|South
  Rome/Lazio;Milan/Lombardy;Naples/Campania;Turin/Piedmont;Palermo/Sicily;Bologna/Emilia-Romagna;Bari/Apulia
  L'Aquila/Abruzzo
ES|Spain|EU|South
  Madrid/Madrid;Barcelona/Catalonia;Valencia/Valencian Community;Sevilla/Andalusia;Málaga/Andalusia
  A Coruña/Galicia;Córdoba/Andalusia;Zaragoza/Aragón
PT|Portugal|EU|South
  Lisbon/Lisboa;Porto/Porto;Setúbal/Setúbal
PL|Poland|EMEA|EMEA
  Warsaw/Masovia;Kraków/Lesser Poland;Łódź/Łódź;Gdańsk/Pomerania
CZ|Czech Republic|EMEA|EMEA
  Prague/Prague;Brno/South Moravia;Plzeň/Plzeň
HU|Hungary|EMEA|EMEA
  Budapest/Budapest;Győr/Győr-Moson-Sopron;Pécs/Baranya
RO|Romania|EMEA|EMEA
  București/București;Cluj-Napoca/Cluj;Iași/Iași
TR|Türkiye|EMEA|EMEA
  İstanbul/İstanbul;Ankara/Ankara;İzmir/İzmir;Bursa/Bursa
UA|Ukraine|EMEA|EMEA
  Kyiv/Kyiv;Lviv/Lviv;Odesa/Odesa
SA|Saudi Arabia|EMEA|EMEA
  Riyadh/Riyadh;Jeddah/Makkah
EG|Egypt|Africa|Africa
  Cairo/Al Qahirah;Alexandria/Al Iskandariyah;Giza/Al Jizah
ZA|South Africa|Africa|Africa
  Johannesburg/Gauteng;Pretoria/Gauteng;Cape Town/Western Cape;Durban/KwaZulu-Natal
NG|Nigeria|Africa|Africa
  Lagos/Lagos;Abuja/Federal Capital Territory;Ibadan/Oyo
KE|Kenya|Africa|Africa
  Nairobi/Nairobi;Mombasa/Mombasa
MA|Morocco|Africa|Africa
  Casablanca/Grand Casablanca;Fès/Fès-Boulemane
CI|Côte d'Ivoire|Africa|Africa
  Abidjan/Lagunes;Yamoussoukro/Lacs
GH|Ghana|Africa|Africa
  Accra/Greater Accra;Kumasi/Ashanti
CN|China|APAC|North Asia
  Beijing/Beijing;Shanghai/Shanghai;Guangzhou/Guangdong;Shenzhen/Guangdong;Chengdu/Sichuan;Wuhan/Hubei
  Xi'an/Shaanxi
JP|Japan|APAC|North Asia
  Tokyo/Tokyo;Osaka/Osaka;Kyoto/Kyoto;Sapporo/Hokkaido;Nagoya/Aichi
KR|South Korea|APAC|North Asia
  Seoul/Seoul;Busan/Busan;Incheon/Incheon
IN|India|APAC|Central Asia
  Mumbai/Maharashtra;Pune/Maharashtra;Delhi/Delhi;Bangalore/Karnataka;Chennai/Tamil Nadu;Kolkata/West Bengal
  Hyderabad/Telangana;Jaipur/Rajasthan
PK|Pakistan|APAC|Central Asia
  Karachi/Sindh;Lahore/Punjab;Hyderabad/Sindh
BD|Bangladesh|APAC|Central Asia
  Dhaka/Dhaka;Chittagong/Chittagong
ID|Indonesia|APAC|Southeast Asia
  Jakarta/Jakarta;Surabaya/Jawa Timur;Bandung/Jawa Barat;Medan/Sumatera Utara
VN|Vietnam|APAC|Southeast Asia
  Hà Nội/Hà Nội;Đà Nẵng/Đà Nẵng;Huế/Thừa Thiên-Huế
TH|Thailand|APAC|Southeast Asia
  Bangkok/Bangkok;Chiang Mai/Chiang Mai
PH|Philippines|APAC|Southeast Asia
  Manila/National Capital;Cebu City/Central Visayas;Davao/Davao
SG|Singapore|APAC|Southeast Asia
  Singapore/Singapore
AU|Australia|APAC|Oceania
  Sydney/New South Wales;Newcastle/New South Wales;Melbourne/Victoria;Brisbane/Queensland
  Perth/Western Australia
  Adelaide/South Australia;Hobart/Tasmania;Canberra/Australian Capital Territory
NZ|New Zealand|APAC|Oceania
  Auckland/Auckland;Wellington/Wellington;Christchurch/Canterbury;Whangārei/Northland
"""

REGIONS: dict[str, tuple[str, ...]] = {
    "APAC": ("Central Asia", "North Asia", "Oceania", "Southeast Asia"),
    "Africa": ("Africa",),
    "Canada": ("Canada",),
    "EMEA": ("EMEA",),
    "EU": ("Central", "North", "South"),
    "LATAM": ("Caribbean", "Central", "North", "South"),
    "US": ("Central", "East", "South", "West"),
}


def cities() -> list[City]:
    """All places, in the order of the list above."""
    found: list[City] = []
    head: list[str] = []
    for text in _PLACES.strip().splitlines():
        if not text.startswith(" "):
            head = text.split("|")
            continue
        for place in text.strip().split(";"):
            name, state, *postal = place.split("/")
            code, country, market, region = head
            found.append(
                City(
                    code=code,
                    country=country,
                    market=market,
                    region=region,
                    name=name,
                    state=state,
                    postal_code=postal[0] if postal else "",
                )
            )
    return found
