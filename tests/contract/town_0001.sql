BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE contact (
	report_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	email TEXT NOT NULL, 
	wants_reply BOOLEAN NOT NULL, 
	PRIMARY KEY (report_id), 
	FOREIGN KEY(report_id) REFERENCES report (id)
);
INSERT INTO "contact" VALUES(1,'見本 太郎','0000-00-0000','taro@example.jp',1);
CREATE TABLE photo (
	id INTEGER NOT NULL, 
	report_id INTEGER NOT NULL, 
	event_seq INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	original_sha256 TEXT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	bytes INTEGER NOT NULL, 
	taken_at BIGINT, 
	exif_lon FLOAT, 
	exif_lat FLOAT, 
	exif_accuracy_m FLOAT, 
	role TEXT NOT NULL, 
	pii_state TEXT NOT NULL, 
	shown_as TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT photo_once_per_report UNIQUE (report_id, sha256), 
	FOREIGN KEY(report_id) REFERENCES report (id)
);
INSERT INTO "photo" VALUES(1,1,1,'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb','99124f806bc3b419d37ac573192acec5823aaa1c508f7eea1a6aec21d8cc291a',1600,1200,300000,1780282800000000,136.4701,35.3601,NULL,'before','clear',NULL);
INSERT INTO "photo" VALUES(2,1,1,'3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','0063d7660ed630e73ec1d8055051ed757ced9d3051795edb45b65dda0bd5d4ad',1600,1200,300000,1780282800000000,136.4701,35.3601,NULL,'before','redacted','6b7d90718f9bce2ce30a5df92988c6a11303f64e994c6ae17536008052b25309');
INSERT INTO "photo" VALUES(3,1,1,'2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6','8b0aa3efb723f7664e81cc589ef292ddc935bdef304a6af5063cefdc73904e28',1600,1200,300000,1780282800000000,136.4701,35.3601,NULL,'before','unchecked',NULL);
INSERT INTO "photo" VALUES(4,1,4,'5da503e29c84e756cae47c1537d359ecf96cd83e6f52747790e87ca4d21ad974','8b0aa3efb723f7664e81cc589ef292ddc935bdef304a6af5063cefdc73904e28',1600,1200,300000,1780282800000000,136.4701,35.3601,NULL,'after','unchecked',NULL);
INSERT INTO "photo" VALUES(5,2,1,'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb','99124f806bc3b419d37ac573192acec5823aaa1c508f7eea1a6aec21d8cc291a',1600,1200,300000,1780282800000000,136.4701,35.3601,NULL,'before','unchecked',NULL);
CREATE TABLE place_rule (
	category TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	PRIMARY KEY (category)
);
INSERT INTO "place_rule" VALUES('road_damage','exact');
INSERT INTO "place_rule" VALUES('illegal_dumping','grid50');
INSERT INTO "place_rule" VALUES('river_channel','exact');
INSERT INTO "place_rule" VALUES('park_playground','exact');
INSERT INTO "place_rule" VALUES('water_leak','grid50');
INSERT INTO "place_rule" VALUES('street_light','exact');
INSERT INTO "place_rule" VALUES('other','area');
CREATE TABLE pyramid (
	level SMALLINT NOT NULL, 
	audience SMALLINT NOT NULL, 
	cell BIGINT NOT NULL, 
	state SMALLINT NOT NULL, 
	category TEXT NOT NULL, 
	n INTEGER NOT NULL, 
	sum_lon_e7 BIGINT NOT NULL, 
	sum_lat_e7 BIGINT NOT NULL, 
	PRIMARY KEY (level, audience, cell, state, category)
)
 WITHOUT ROWID

;
INSERT INTO "pyramid" VALUES(7,0,7944,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(7,0,7944,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(7,0,7944,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(7,0,7944,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(7,1,7944,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(7,1,7944,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(7,1,7944,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(8,0,31779,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(8,0,31779,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(8,0,31779,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(8,0,31779,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(8,1,31779,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(8,1,31779,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(8,1,31779,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(9,0,127116,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(9,0,127116,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(9,0,127116,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(9,0,127116,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(9,1,127116,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(9,1,127116,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(9,1,127116,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(10,0,508464,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(10,0,508464,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(10,0,508464,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(10,0,508464,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(10,1,508464,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(10,1,508464,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(10,1,508464,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(11,0,2033856,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(11,0,2033856,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(11,0,2033856,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(11,0,2033856,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(11,1,2033856,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(11,1,2033856,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(11,1,2033856,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(12,0,8135426,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(12,0,8135426,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(12,0,8135426,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(12,0,8135426,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(12,1,8135426,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(12,1,8135426,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(12,1,8135426,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(13,0,32541705,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(13,0,32541705,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(13,0,32541705,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(13,0,32541705,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(13,1,32541705,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(13,1,32541705,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(13,1,32541705,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(14,0,130166822,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(14,0,130166822,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(14,0,130166822,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(14,0,130166822,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(14,1,130166822,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(14,1,130166822,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(14,1,130166822,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(15,0,520667291,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(15,0,520667291,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(15,0,520667291,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(15,0,520667291,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(15,1,520667291,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(15,1,520667291,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(15,1,520667291,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(16,0,2082669165,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(16,0,2082669165,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(16,0,2082669165,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(16,0,2082669165,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(16,1,2082669165,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(16,1,2082669165,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(16,1,2082669165,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(17,0,8330676660,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(17,0,8330676661,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(17,0,8330676661,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(17,0,8330676661,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(17,1,8330676660,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(17,1,8330676661,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(17,1,8330676661,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(18,0,33322706642,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(18,0,33322706646,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(18,0,33322706646,3,'road_damage',1,1364700100,353600000);
INSERT INTO "pyramid" VALUES(18,0,33322706647,0,'illegal_dumping',1,1364710000,353600000);
INSERT INTO "pyramid" VALUES(18,1,33322706642,0,'park_playground',1,1364670000,353600000);
INSERT INTO "pyramid" VALUES(18,1,33322706646,0,'road_damage',1,1364700000,353600000);
INSERT INTO "pyramid" VALUES(18,1,33322706646,3,'road_damage',1,1364700100,353600000);
CREATE TABLE pyramid_level (
	level SMALLINT NOT NULL, 
	shift SMALLINT NOT NULL, 
	PRIMARY KEY (level)
);
INSERT INTO "pyramid_level" VALUES(7,22);
INSERT INTO "pyramid_level" VALUES(8,20);
INSERT INTO "pyramid_level" VALUES(9,18);
INSERT INTO "pyramid_level" VALUES(10,16);
INSERT INTO "pyramid_level" VALUES(11,14);
INSERT INTO "pyramid_level" VALUES(12,12);
INSERT INTO "pyramid_level" VALUES(13,10);
INSERT INTO "pyramid_level" VALUES(14,8);
INSERT INTO "pyramid_level" VALUES(15,6);
INSERT INTO "pyramid_level" VALUES(16,4);
INSERT INTO "pyramid_level" VALUES(17,2);
INSERT INTO "pyramid_level" VALUES(18,0);
CREATE TABLE receipt_number (
	fiscal_year INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	PRIMARY KEY (fiscal_year)
);
INSERT INTO "receipt_number" VALUES(2026,4);
CREATE TABLE report (
	id INTEGER NOT NULL, 
	public_id TEXT NOT NULL, 
	uuid TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	tracking_hash BLOB NOT NULL, 
	category TEXT NOT NULL, 
	status TEXT NOT NULL, 
	state SMALLINT NOT NULL, 
	visibility TEXT NOT NULL, 
	lon FLOAT NOT NULL, 
	lat FLOAT NOT NULL, 
	source TEXT NOT NULL, 
	accuracy_m FLOAT, 
	cell BIGINT NOT NULL, 
	public_lon FLOAT, 
	public_lat FLOAT, 
	public_cell BIGINT, 
	body TEXT NOT NULL, 
	body_public BOOLEAN NOT NULL, 
	answers JSON NOT NULL, 
	area JSON, 
	road JSON, 
	channel TEXT NOT NULL, 
	mode TEXT NOT NULL, 
	lang TEXT NOT NULL, 
	department TEXT, 
	duplicate_of TEXT, 
	contact_given BOOLEAN NOT NULL, 
	received_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	occurred_at BIGINT, 
	device_time BIGINT, 
	version INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (public_id), 
	UNIQUE (uuid)
);
INSERT INTO "report" VALUES(1,'R8-000001','e1407479-3136-56c0-9908-bb02fb0339e2',X'B27F79ABBD9DEFAEF2718F301D56EE685C759C4AF65A05110DD9B154A7580A4B',X'2605B32CE0038CACC4FBB5577D7AFB11930461419C31C52B6428D9FB94D12D80','road_damage','received',0,'public',136.47,35.36,'map_tap',8.0,33322706646,136.47,35.36,33322706646,'道路に穴があいています',0,'{"what":"穴"}','{"name":"本町自治会","source_layer":"neighbourhood_association","feature_id":"1","why":"場所を含む"}','{"name":"見本町","source_layer":"road_section","feature_id":"7","why":"最も近い道路 3 m"}','web','normal','ja',NULL,NULL,1,1780282800000000,1780282800000000,NULL,NULL,4);
INSERT INTO "report" VALUES(2,'R8-000002','3c480084-0bec-5ee3-a530-e96a1170273a',X'47D09E40A5415CC284AB7939CDD7565445DDCD832FA699FEEE4AD3338F4DE239',X'0DB938DB96B521D8204027DF0AFF1EBEBCBC1F02716E03FAC172291471D5EFC3','illegal_dumping','received',0,'pending',136.471,35.36,'map_tap',8.0,33322706647,NULL,NULL,NULL,'道路に穴があいています',0,'{}','{"name":"本町自治会","source_layer":"neighbourhood_association","feature_id":"1","why":"場所を含む"}','{"name":"見本町","source_layer":"road_section","feature_id":"7","why":"最も近い道路 3 m"}','web','normal','ja',NULL,NULL,0,1780282800000000,1780282800000000,NULL,NULL,1);
INSERT INTO "report" VALUES(3,'R8-000003','71039e6c-de90-565a-8cd7-89b263271615',X'C706DB727E43920692CA245EAC668EE525C339F0721F31A2BD138EFF3880555D',X'28499963D22B8AC291CB8A29F17097B8238C9FCB933E80B75F696A48182F1222','road_damage','duplicate',3,'public',136.47001,35.36,'map_tap',8.0,33322706646,136.47001,35.36,33322706646,'道路に穴があいています',0,'{}','{"name":"本町自治会","source_layer":"neighbourhood_association","feature_id":"1","why":"場所を含む"}','{"name":"見本町","source_layer":"road_section","feature_id":"7","why":"最も近い道路 3 m"}','web','normal','ja',NULL,'R8-000001',0,1780283100000000,1780283100000000,NULL,NULL,2);
INSERT INTO "report" VALUES(4,'R8-000004','ff5c8641-fc7d-57a1-8d99-e15308e88ca1',X'8DCD049C3BA52B4D1FBE1CCB468FA9074EF894EE6D51E66307AC8261974BF92B',X'1B56B7A6C28C47C0D5FAA32C5730D4B5F504055C767312CB3D729A7FA656AD0F','park_playground','triaged',0,'public',136.467,35.36,'staff',NULL,33322706642,136.467,35.36,33322706642,'道路に穴があいています',0,'{}',NULL,NULL,'web','normal','ja',NULL,NULL,0,1780282800000000,1780282800000000,NULL,NULL,3);
CREATE TABLE report_event (
	id INTEGER NOT NULL, 
	report_id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	actor_type TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	changes JSON NOT NULL, 
	public_message TEXT NOT NULL, 
	internal_message TEXT NOT NULL, 
	client_uuid TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT event_in_order UNIQUE (report_id, seq), 
	FOREIGN KEY(report_id) REFERENCES report (id), 
	UNIQUE (client_uuid)
);
INSERT INTO "report_event" VALUES(1,1,1,'created',1780282800000000,'resident','web','{"from":{},"to":{"status":"received","category":"road_damage"}}','','',NULL);
INSERT INTO "report_event" VALUES(2,1,2,'redact',1780282800000000,'staff','建設課 1','{"from":{"photo":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","pii_state":"unchecked"},"to":{"photo":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","pii_state":"clear"}}','','',NULL);
INSERT INTO "report_event" VALUES(3,1,3,'redact',1780282800000000,'staff','建設課 1','{"from":{"photo":"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d","pii_state":"unchecked","shown_as":null},"to":{"photo":"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d","pii_state":"redacted","shown_as":"6b7d90718f9bce2ce30a5df92988c6a11303f64e994c6ae17536008052b25309"}}','','',NULL);
INSERT INTO "report_event" VALUES(4,1,4,'photo',1780282800000000,'staff','建設課 1','{"from":{},"to":{}}','','',NULL);
INSERT INTO "report_event" VALUES(5,2,1,'created',1780282800000000,'resident','web','{"from":{},"to":{"status":"received","category":"illegal_dumping"}}','','',NULL);
INSERT INTO "report_event" VALUES(6,3,1,'created',1780283100000000,'resident','web','{"from":{},"to":{"status":"received","category":"road_damage"}}','','',NULL);
INSERT INTO "report_event" VALUES(7,3,2,'status',1780282800000000,'staff','建設課 1','{"from":{"status":"received","duplicate_of":null},"to":{"status":"duplicate","duplicate_of":"R8-000001"}}','','',NULL);
INSERT INTO "report_event" VALUES(8,4,1,'created',1780282800000000,'resident','web','{"from":{},"to":{"status":"received","category":"park_playground"}}','','',NULL);
INSERT INTO "report_event" VALUES(9,4,2,'status',1780282800000000,'staff','建設課 1','{"from":{"status":"received"},"to":{"status":"triaged"}}','担当課を決めました','','12345678-1234-4234-9234-123456789abc');
INSERT INTO "report_event" VALUES(10,4,3,'location',1780282800000000,'staff','建設課 1','{"from":{"lon":136.468,"lat":35.36},"to":{"lon":136.467,"lat":35.36}}','','',NULL);
CREATE TABLE revision (
	only INTEGER NOT NULL, 
	number BIGINT NOT NULL, 
	PRIMARY KEY (only)
);
INSERT INTO "revision" VALUES(1,11);
CREATE INDEX report_by_cell ON report (cell, state, received_at, id, category, lon, lat);
CREATE INDEX report_by_time ON report (received_at, id, state, category, lon, lat);
CREATE INDEX report_by_public_cell ON report (public_cell, state, received_at, id, category, public_lon, public_lat) WHERE public_cell IS NOT NULL;
CREATE INDEX report_by_public_time ON report (received_at, id, state, category, public_lon, public_lat) WHERE visibility = 'public';
CREATE INDEX report_by_tracking ON report (tracking_hash);
CREATE INDEX report_by_original ON report (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX photo_by_sha256 ON photo (sha256);
CREATE INDEX photo_by_shown_as ON photo (shown_as) WHERE shown_as IS NOT NULL;
CREATE TRIGGER event_no_update BEFORE update ON report_event BEGIN SELECT RAISE(ABORT, 'events are never edited or removed'); END;
CREATE TRIGGER event_no_delete BEFORE delete ON report_event BEGIN SELECT RAISE(ABORT, 'events are never edited or removed'); END;
CREATE TRIGGER pyramid_insert AFTER INSERT ON report BEGIN INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 0, NEW.cell >> l.shift, NEW.state, NEW.category, +1, +CAST(ROUND(NEW.lon * 10000000) AS INTEGER), +CAST(ROUND(NEW.lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE NEW.cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 1, NEW.public_cell >> l.shift, NEW.state, NEW.category, +1, +CAST(ROUND(NEW.public_lon * 10000000) AS INTEGER), +CAST(ROUND(NEW.public_lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE NEW.public_cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; END;
CREATE TRIGGER pyramid_delete AFTER DELETE ON report BEGIN INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 0, OLD.cell >> l.shift, OLD.state, OLD.category, -1, -CAST(ROUND(OLD.lon * 10000000) AS INTEGER), -CAST(ROUND(OLD.lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE OLD.cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 1, OLD.public_cell >> l.shift, OLD.state, OLD.category, -1, -CAST(ROUND(OLD.public_lon * 10000000) AS INTEGER), -CAST(ROUND(OLD.public_lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE OLD.public_cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; END;
CREATE TRIGGER pyramid_update AFTER UPDATE OF cell, public_cell, lon, lat, public_lon, public_lat, state, category ON report WHEN OLD.cell IS NOT NEW.cell OR OLD.public_cell IS NOT NEW.public_cell OR OLD.lon IS NOT NEW.lon OR OLD.lat IS NOT NEW.lat OR OLD.public_lon IS NOT NEW.public_lon OR OLD.public_lat IS NOT NEW.public_lat OR OLD.state IS NOT NEW.state OR OLD.category IS NOT NEW.category BEGIN INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 0, OLD.cell >> l.shift, OLD.state, OLD.category, -1, -CAST(ROUND(OLD.lon * 10000000) AS INTEGER), -CAST(ROUND(OLD.lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE OLD.cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 1, OLD.public_cell >> l.shift, OLD.state, OLD.category, -1, -CAST(ROUND(OLD.public_lon * 10000000) AS INTEGER), -CAST(ROUND(OLD.public_lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE OLD.public_cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 0, NEW.cell >> l.shift, NEW.state, NEW.category, +1, +CAST(ROUND(NEW.lon * 10000000) AS INTEGER), +CAST(ROUND(NEW.lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE NEW.cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) SELECT l.level, 1, NEW.public_cell >> l.shift, NEW.state, NEW.category, +1, +CAST(ROUND(NEW.public_lon * 10000000) AS INTEGER), +CAST(ROUND(NEW.public_lat * 10000000) AS INTEGER) FROM pyramid_level AS l WHERE NEW.public_cell IS NOT NULL ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7; END;
COMMIT;
